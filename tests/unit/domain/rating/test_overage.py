"""Overage: an allowance, then a price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidPrice
from billing_sdk.server.domain.rating import Flat, Graduated, Overage, Package, PerUnit, Volume
from tests.unit.domain.rating.rating import CHARGE, D, exact, rated, steps_named, tier


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        pytest.param("0", "0", id="nothing"),
        pytest.param("999", "0", id="inside the allowance"),
        pytest.param("1000", "0", id="the allowance used up"),
        pytest.param("1000.5", "1", id="half a unit beyond"),
        pytest.param("1500", "1000", id="five hundred beyond"),
        pytest.param("-1", "0", id="below zero is billed as zero"),
    ],
)
def test_only_what_goes_beyond_the_allowance_is_charged(quantity: str, amount: str) -> None:
    assert exact(Overage(D(1000), PerUnit(D(2))), quantity) == Decimal(amount)


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        pytest.param(Package(D(100), D(5)), 10, id="packs"),
        pytest.param(Graduated((tier("100", "3"), tier(None, "1"))), 350, id="graduated"),
        pytest.param(Volume((tier("100", "3"), tier(None, "1"))), 150, id="volume"),
    ],
)
def test_the_scale_of_the_price_begins_at_the_first_unit_beyond(price, amount: int) -> None:
    assert exact(Overage(D(1000), price), "1150") == amount


def test_an_allowance_equals_a_first_tier_that_costs_nothing() -> None:
    as_tiers = Graduated((tier("1000", "0"), tier(None, "0.5")))
    as_overage = Overage(D(1000), PerUnit(D("0.5")))
    assert [exact(as_tiers, q) for q in ("0", "1000", "1001", "7777.5")] == [
        exact(as_overage, q) for q in ("0", "1000", "1001", "7777.5")
    ]


def test_usage_inside_the_allowance_is_usage_of_zero_for_the_price() -> None:
    price = Overage(D(10), Graduated((tier(None, "1", "300"),)))
    assert exact(price, "10") == 0
    assert exact(price, "10", policy=CHARGE) == 300


def test_the_derivation_shows_what_is_covered() -> None:
    (step,) = steps_named(rated(Overage(D(1000), PerUnit(D(2))), "1500"), "included")
    assert dict(step.facts) == {"quantity": "1500", "included": "1000", "covered": "1000", "beyond": "500"}


def test_a_quantity_of_a_price_can_be_as_much_as_can_be_reported_and_no_more() -> None:
    assert Overage(D(10**20), PerUnit(D(1))).included == 10**20
    with pytest.raises(InvalidPrice):
        Overage(D("100000000000000000000.000000000001"), PerUnit(D(1)))


@pytest.mark.parametrize(
    ("included", "price", "wrong"),
    [
        pytest.param(D(-1), PerUnit(D(1)), "included", id="a negative allowance"),
        pytest.param(D(1), Flat(D(1)), "price", id="a price that has no units"),
        pytest.param(D(1), Overage(D(1), PerUnit(D(1))), "price", id="an allowance in an allowance"),
    ],
)
def test_what_is_no_overage_is_refused(included: Decimal, price, wrong: str) -> None:
    with pytest.raises(InvalidPrice) as refusal:
        Overage(included, price)
    assert refusal.value.facts["member"] == wrong
