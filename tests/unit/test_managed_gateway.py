"""The test processor: published test cards and nothing else, and the same answer to the same key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing_sdk.errors import CardDeclined, CardRefused
from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.gateways import Bill, BillLine, CardEntry, ManagedGateway, Payer

PRICE = Money(2_900, "USD")


def bill(token: str) -> Bill:
    """Return a bill of one line over the price."""
    period = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    payer = Payer("customer_1", "ada@example.com")
    return Bill("invoice_1", payer, (BillLine(0, "Pro", PRICE, "charge", period),), "USD", token=token)


def entry(number: str = "4242424242424242", **changes: object) -> CardEntry:
    """Return a card as it is typed in."""
    values: dict[str, object] = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123", **changes}
    return CardEntry(**values)  # type: ignore[arg-type]  # each test names only what it is about


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [
        ("4242424242424242", "Visa", "4242"),
        ("4242 4242 4242 4242", "Visa", "4242"),
        ("5555-5555-5555-4444", "Mastercard", "4444"),
        ("378282246310005", "American Express", "0005"),
    ],
)
def test_a_published_card_is_kept_by_what_may_be_shown(number, brand, last4):
    stored = ManagedGateway().store_card(entry(number))

    assert (stored.brand, stored.last4, stored.exp_month, stored.exp_year) == (brand, last4, 12, 2034)


@pytest.mark.parametrize(
    "card",
    [
        entry("4111111111111111"),
        entry("4012888888881881"),
        entry(""),
        entry("4242424242424242 " * 10_000),
        entry("\uff14\uff12" * 8),
        entry(exp_month=13),
        entry(exp_month=0),
        entry(exp_year=1999),
        entry(cvc="12"),
        entry(cvc="12345"),
        entry(cvc="١٢٣"),
    ],
)
def test_whatever_is_not_a_published_test_card_is_refused_and_not_repeated(card):
    with pytest.raises(CardRefused) as refusal:
        ManagedGateway().store_card(card)

    assert not card.number or card.number not in str(refusal.value)
    assert card.number == "" or card.number not in repr(card)


@pytest.mark.parametrize(
    ("number", "decline_code"),
    [
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
    ],
)
def test_a_card_that_stands_for_a_refusal_is_declined_when_it_is_stored(number, decline_code):
    with pytest.raises(CardDeclined) as declined:
        ManagedGateway().store_card(entry(number))

    assert declined.value.facts == {"decline_code": decline_code}


def test_a_card_can_be_stored_and_declined_when_it_is_charged():
    gateway = ManagedGateway()
    token = gateway.store_card(entry("4000000000000341")).token

    for _ in range(2):
        with pytest.raises(CardDeclined):
            gateway.collect(bill(token), idempotency_key="charge_1")


def test_the_same_key_gets_the_same_answer_and_another_key_another_charge():
    gateway = ManagedGateway()
    token = gateway.store_card(entry()).token
    first, again, other = (
        gateway.collect(bill(token), idempotency_key=key) for key in ("charge_1", "charge_1", "charge_2")
    )

    assert first == again
    assert first.amount == PRICE
    assert first.reference != other.reference


@pytest.mark.parametrize("token", ["", "card_1", "card_1_0123456789abcdef"])
def test_a_token_of_another_processor_can_not_be_charged(token):
    with pytest.raises(CardDeclined, match="invalid_account"):
        ManagedGateway().collect(bill(token), idempotency_key="charge_1")


def test_a_token_contains_no_card_number():
    stored = ManagedGateway().store_card(entry())

    assert "4242" not in stored.token.rpartition("_")[2]
    assert stored.token not in repr(stored)
