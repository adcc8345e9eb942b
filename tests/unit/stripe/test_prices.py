"""Prices in Stripe's words: each kind that it has words for, and those that it has none for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, Package, Percentage, PerUnit, Terms, Tier, Volume
from billing_sdk.server.gateways import CataloguePrice
from billing_sdk.server.gateways.stripe.prices import price_in_words

MONTH = Cadence("month")
TIERS = (Tier(Decimal(100), Decimal(2), Decimal(50)), Tier(None, Decimal("1.5")))


def words(terms: Terms, cadence: Cadence | None = MONTH, currency: str = "USD"):
    return price_in_words(CataloguePrice("p", currency, terms, cadence))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(Flat(Decimal(2900))), {"billing_scheme": "per_unit", "unit_amount_decimal": "2900"}),
        (Terms(PerUnit(Decimal("0.0020"))), {"billing_scheme": "per_unit", "unit_amount_decimal": "0.002"}),
        (
            Terms(Package(Decimal(1000), Decimal(50), "down")),
            {"unit_amount_decimal": "50", "transform_quantity": {"divide_by": 1000, "round": "down"}},
        ),
        (
            Terms(Graduated(TIERS)),
            {
                "billing_scheme": "tiered",
                "tiers_mode": "graduated",
                "tiers": [
                    {"up_to": 100, "unit_amount_decimal": "2", "flat_amount_decimal": "50"},
                    {"up_to": "inf", "unit_amount_decimal": "1.5", "flat_amount_decimal": "0"},
                ],
            },
        ),
        (Terms(Volume(TIERS)), {"tiers_mode": "volume"}),
    ],
)
def test_what_stripe_has_words_for_is_said(terms, said):
    found = words(terms)
    assert found is not None
    assert found.items() >= said.items()
    assert found["recurring"] == {"interval": "month", "interval_count": 1}


@pytest.mark.parametrize(
    ("terms", "cadence"),
    [
        (Terms(Percentage(Decimal("2.5"))), MONTH),
        (Terms(PerUnit(Decimal(2)), minimum=Decimal(100)), MONTH),
        (Terms(PerUnit(Decimal(2)), discount_units=Decimal(5)), MONTH),
        (Terms(Package(Decimal("0.5"), Decimal(50))), MONTH),
        (Terms(Graduated((Tier(Decimal("0.5"), Decimal(2)), Tier(None, Decimal(1))))), MONTH),
        (Terms(Flat(Decimal(1))), Cadence("year", 4)),
    ],
)
def test_what_stripe_has_no_words_for_is_not_said(terms, cadence):
    assert words(terms, cadence) is None


def test_what_is_charged_once_does_not_recur():
    found = words(Terms(Flat(Decimal(100))), None)
    assert found is not None
    assert "recurring" not in found
