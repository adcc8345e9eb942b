"""Totals of a charge: rounded once from what is exact, and always adding up to what is charged."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.server.api.konnect.charge_totals import totals_of
from billing_sdk.server.domain.rating import PerUnit, Terms, Usage, charge


@pytest.mark.parametrize(
    ("quantity", "agreed", "shown"),
    [
        (820, {"discount_units": Decimal(100), "discount_percent": Decimal(10)}, ("0.72", "0", "0.07", "0.65")),
        (820, {}, ("0.82", "0", "0", "0.82")),
        (4503, {"minimum": Decimal(5000)}, ("4.5", "45.5", "0", "50")),
        (4506, {"maximum": Decimal(400)}, ("4.51", "0", "0.51", "4")),
        (725, {"discount_percent": Decimal(10), "minimum": Decimal(70)}, ("0.73", "0.04", "0.07", "0.7")),
    ],
)
def test_totals_begin_with_the_price_and_add_up_to_what_is_charged(quantity, agreed, shown):
    terms = Terms(PerUnit(Decimal("0.1")), **agreed)
    told = totals_of(charge(terms, Usage(Decimal(quantity)), currency="USD")).model_dump(mode="json")
    found = told["amount"], told["charges_total"], told["discounts_total"], told["total"]
    assert found == shown
