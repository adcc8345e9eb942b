"""Amounts as Stripe writes them."""

from __future__ import annotations

import pytest

from billing_sdk.errors import AmountTooSmall, CurrencyNotSupported
from billing_sdk.money import Money
from billing_sdk.server.gateways.stripe.amounts import from_stripe, require_chargeable, to_stripe

pytestmark = pytest.mark.attack(178)


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1999, "EUR", 1999),
        (1999, "JPY", 1999),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (175_00, "HUF", 175_00),
        (5_000, "TWD", 5_000),
        (1_230, "KWD", 1_230),
        (500, "MGA", 5),
        (-250, "USD", -250),
    ],
)
def test_an_amount_is_the_same_there_and_back(minor: int, currency: str, units: int) -> None:
    assert to_stripe(Money(minor, currency)) == units
    assert from_stripe(units, currency.lower()) == Money(minor, currency)


@pytest.mark.parametrize(("minor", "currency"), [(1_234, "KWD"), (501, "MGA"), (100, "IQD"), (100, "LYD"), (1, "IRR")])
def test_an_amount_that_stripe_cannot_say_is_refused_and_not_rounded(minor: int, currency: str) -> None:
    with pytest.raises(CurrencyNotSupported) as refused:
        to_stripe(Money(minor, currency))
    assert refused.value.facts == {"currency": currency}


def test_what_stripe_tells_in_parts_of_our_unit_is_refused() -> None:
    with pytest.raises(CurrencyNotSupported):
        from_stripe(501, "isk")


@pytest.mark.parametrize(("minor", "currency"), [(49, "USD"), (29, "GBP"), (49, "JPY"), (174_99, "HUF"), (2_49, "DKK")])
def test_less_than_the_minimum_is_refused_with_what_the_minimum_is(minor: int, currency: str) -> None:
    with pytest.raises(AmountTooSmall) as refused:
        require_chargeable(Money(minor, currency))
    assert refused.value.facts == {"currency": currency, "minimum_minor": minor + 1}


@pytest.mark.parametrize(("minor", "currency"), [(50, "USD"), (0, "USD"), (1, "UGX"), (30, "GBP")])
def test_nothing_and_the_minimum_itself_may_be_charged(minor: int, currency: str) -> None:
    require_chargeable(Money(minor, currency))
    assert to_stripe(Money(minor, currency)) >= 0
