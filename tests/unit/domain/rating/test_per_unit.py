"""Per unit prices: every unit costs the same."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from billing_sdk.errors import InvalidAmount, InvalidQuantity
from billing_sdk.server.domain.rating import PerUnit, Usage
from tests.unit.domain.rating.rating import D, exact, rated, steps_named


@pytest.mark.parametrize(
    ("unit_amount", "quantity", "amount"),
    [
        pytest.param("30", "0", "0", id="nothing"),
        pytest.param("30", "1", "30", id="one"),
        pytest.param("30", "2.5", "75", id="half a unit costs half of it"),
        pytest.param("0.000000000001", "1", "0.000000000001", id="the finest price"),
        pytest.param("0.000000000001", "100000000000000000000", "100000000", id="the finest price of very many"),
        pytest.param("30", "-1", "0", id="below zero is billed as zero"),
        pytest.param("0.1", "0.000000000001", "0.0000000000001", id="the finest quantity"),
    ],
)
def test_quantity_times_unit_amount(unit_amount: str, quantity: str, amount: str) -> None:
    assert exact(PerUnit(D(unit_amount)), quantity) == Decimal(amount)


def test_a_product_of_more_digits_than_usual_is_exact() -> None:
    charged = rated(PerUnit(D("0.000000123456")), "99999999999999999999.999999999999")
    (step,) = steps_named(charged, "per_unit")
    assert Fraction(step.amount) == Fraction(99999999999999999999999999999999 * 123456, 10**24)


def test_what_comes_to_more_than_a_quadrillion_minor_units_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        rated(PerUnit(D("1E+10")), "1E+10")


def test_usage_below_zero_is_billed_as_zero_and_the_derivation_says_so() -> None:
    charged = rated(PerUnit(D(30)), "-4")
    (usage,) = steps_named(charged, "usage")
    assert (usage.fact("measured"), usage.fact("billed")) == ("-4", "0")


@pytest.mark.parametrize("quantity", [-1, 1.0, True, "3"])
def test_a_licence_needs_a_whole_quantity_of_zero_or_more(quantity: int) -> None:
    with pytest.raises(InvalidQuantity):
        Usage.licensed(quantity)


def test_a_licence_can_be_for_nobody() -> None:
    assert not rated(PerUnit(D(1000)), Usage.licensed(0)).amount


@pytest.mark.parametrize("quantity", [D("9" * 40 + "." + "9" * 40), D("1E-40"), D("1E+39"), D(0)])
def test_a_quantity_can_have_80_digits(quantity: Decimal) -> None:
    assert exact(PerUnit(D(0)), Usage(quantity)) == 0


def test_five_seats_cost_five_times_one() -> None:
    assert rated(PerUnit(D(1000)), Usage.licensed(5)).amount.minor == 5000


@pytest.mark.parametrize("quantity", [2.5, 3, D("NaN"), D("1E+40"), D("1E-41"), D("0." + "1" * 81)])
def test_what_is_no_quantity_is_refused(quantity: Decimal) -> None:
    with pytest.raises(InvalidQuantity):
        Usage(quantity)


@pytest.mark.parametrize(("currency", "shown"), [("USD", "0.03 USD"), ("JPY", "3 JPY"), ("KWD", "0.003 KWD")])
def test_minor_units_are_those_of_the_currency(currency: str, shown: str) -> None:
    assert str(rated(PerUnit(D("2.5")), "1", currency=currency).amount) == shown
