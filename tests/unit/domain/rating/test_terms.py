"""Terms: what was agreed around a price, and in which order it is applied."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import CurrencyMismatch, InvalidAmount, InvalidPrice
from billing_sdk.money import Money
from billing_sdk.server.domain.rating import (
    STEPS,
    ByDimension,
    Flat,
    Graduated,
    Percentage,
    PerUnit,
    RatingPolicy,
    Terms,
)
from tests.unit.domain.rating.rating import D, exact, rated, steps_named, tier

TEN_EACH = PerUnit(D(10))
SCALE = Graduated((tier("5", "10"), tier(None, "1")))


def test_a_calculation_is_seven_steps_in_this_order() -> None:
    assert [take.__name__ for take in STEPS] == [
        "convert_units",
        "discount_usage",
        "price",
        "discount_percentage",
        "maximum",
        "minimum",
        "round_once",
    ]


@pytest.mark.parametrize(
    ("terms", "quantity", "amount"),
    [
        pytest.param(Terms(TEN_EACH, discount_units=D(3)), "10", 70, id="units given away"),
        pytest.param(Terms(TEN_EACH, discount_units=D(30)), "10", 0, id="never more units than were used"),
        pytest.param(Terms(SCALE, discount_units=D(5)), "10", 50, id="tiers count what is left"),
        pytest.param(Terms(TEN_EACH, discount_percent=D("12.5")), "10", "87.5", id="a percentage"),
        pytest.param(Terms(TEN_EACH, discount_percent=D(100)), "10", 0, id="all of it"),
        pytest.param(Terms(TEN_EACH, minimum=D(500)), "10", 500, id="a minimum commitment"),
        pytest.param(Terms(TEN_EACH, minimum=D(500)), "0", 500, id="applies to usage of zero"),
        pytest.param(Terms(TEN_EACH, minimum=D(500)), "-5", 500, id="and to less"),
        pytest.param(Terms(TEN_EACH, minimum=D(500)), "50", 500, id="and adds nothing once it is reached"),
        pytest.param(Terms(TEN_EACH, maximum=D(50)), "10", 50, id="a maximum caps"),
        pytest.param(Terms(TEN_EACH, maximum=D(50)), "5", 50, id="and takes nothing below it"),
        pytest.param(Terms(TEN_EACH, maximum=D(0)), "5", 0, id="a cap of nothing"),
        pytest.param(
            Terms(TEN_EACH, discount_percent=D(50), minimum=D(80)), "10", 80, id="a commitment is not discounted"
        ),
        pytest.param(Terms(TEN_EACH, discount_percent=D(50), maximum=D(80)), "10", 50, id="a cap comes after it"),
        pytest.param(Terms(TEN_EACH, minimum=D(50), maximum=D(50)), "10", 50, id="both the same"),
        pytest.param(
            Terms(TEN_EACH, D(2), D(25), D(10), D(40)), "10", 40, id="everything at once: 8 left, 80, 60, capped"
        ),
        pytest.param(Terms(Percentage(D(10)), discount_units=D(100)), "300", 20, id="a value that costs no share"),
    ],
)
def test_discounts_come_before_commitments(terms: Terms, quantity: str, amount: str) -> None:
    assert exact(terms, quantity) == Decimal(amount)


def test_only_what_made_a_difference_is_a_step() -> None:
    names = [step.name for step in rated(Terms(TEN_EACH, minimum=D(50), maximum=D(500)), "10").derivation.steps]
    assert names == ["usage", "per_unit", "round"]


def test_each_difference_is_a_step_that_says_what_was_before() -> None:
    charged = rated(Terms(TEN_EACH, D(2), D(25), D(10), D(40)), "10")
    assert [(step.name, step.amount, step.fact("before")) for step in charged.derivation.steps] == [
        ("usage", "0", None),
        ("per_unit", "80", None),
        ("discount_percentage", "-20", "80"),
        ("maximum", "-20", "60"),
        ("round", "0", "40"),
    ]


@pytest.mark.parametrize(
    ("rounding", "cents"), [("half_up", [1, 2, 3]), ("half_even", [0, 2, 2]), ("up", [1, 2, 3]), ("down", [0, 1, 2])]
)
def test_the_rounding_is_a_policy_that_the_result_records(rounding: Any, cents: list[int]) -> None:
    policy = RatingPolicy(rounding=rounding)
    found = [rated(PerUnit(D("0.5")), quantity, policy=policy) for quantity in ("1", "3", "5")]
    assert [charged.amount.minor for charged in found] == cents
    assert {steps_named(charged, "round")[0].fact("rounding") for charged in found} == {rounding}


def test_an_amount_is_rounded_once_and_not_tier_by_tier() -> None:
    halves = Graduated((tier("1", "0.5"), tier("2", "0.5"), tier(None, "0.5")))
    assert rated(halves, "3").amount == Money(2, "USD")


@pytest.mark.parametrize(
    ("members", "wrong", "refusal"),
    [
        pytest.param({"discount_units": D(-1)}, "discount_units", InvalidPrice, id="negative units"),
        pytest.param({"discount_percent": D("100.1")}, "discount_percent", InvalidPrice, id="more than all"),
        pytest.param({"minimum": D(-1)}, "minimum", InvalidAmount, id="a negative minimum"),
        pytest.param({"maximum": D("0.0000000000001")}, "maximum", InvalidAmount, id="thirteen decimals"),
        pytest.param({"minimum": D(2), "maximum": D(1)}, "minimum", InvalidPrice, id="a minimum above the maximum"),
        pytest.param({"price": Flat(D(1)), "discount_units": D(1)}, "discount_units", InvalidPrice, id="no units"),
        pytest.param(
            {"price": Percentage(D(1), D(1)), "discount_units": D(1)}, "discount_units", InvalidPrice, id="single uses"
        ),
        pytest.param(
            {"price": ByDimension(("m",), ()), "discount_units": D(1)}, "discount_units", InvalidPrice, id="many parts"
        ),
        pytest.param({"price": 5}, "price", InvalidPrice, id="no price"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(
    members: dict[str, Any], wrong: str, refusal: type[InvalidPrice | InvalidAmount]
) -> None:
    with pytest.raises(refusal) as caught:
        Terms(**{"price": TEN_EACH, **members})
    assert caught.value.facts["member"] == wrong


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(CurrencyMismatch):
        rated(TEN_EACH, "1", currency="EUR").amount + rated(TEN_EACH, "1", currency="USD").amount


@pytest.mark.parametrize("currency", ["eur", "EURO", ""])
def test_an_amount_needs_a_currency(currency: str) -> None:
    with pytest.raises(InvalidAmount):
        rated(TEN_EACH, "1", currency=currency)
