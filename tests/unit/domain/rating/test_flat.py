"""Flat prices: the same amount however much is used."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidAmount
from billing_sdk.server.domain.rating import Flat, Terms, Usage
from tests.unit.domain.rating.rating import D, exact, rated, steps_named


@pytest.mark.parametrize("quantity", ["0", "1", "1000000", "-5"])
def test_a_flat_price_is_charged_whatever_was_used(quantity: str) -> None:
    assert exact(Flat(D(1999)), quantity) == 1999


def test_a_free_plan_carries_a_charge_of_zero() -> None:
    charged = rated(Flat(D(0)), "1")
    assert not charged.amount
    assert [step.name for step in charged.derivation.steps] == ["flat", "round"]


def test_a_flat_price_can_have_a_fraction_that_the_end_rounds() -> None:
    charged = rated(Flat(D("1999.5")), "1")
    assert charged.amount.minor == 2000
    assert steps_named(charged, "round")[0].amount == "0.5"


@pytest.mark.parametrize(
    "amount",
    [
        pytest.param(D("-0.01"), id="negative"),
        pytest.param(D("0.0000000000001"), id="thirteen decimals"),
        pytest.param(D(10**15 + 1), id="more than can be real"),
        pytest.param(D("NaN"), id="no number"),
        pytest.param(D("Infinity"), id="without end"),
        pytest.param(D("1E-999999"), id="absurdly fine"),
        pytest.param(19.99, id="a float"),
        pytest.param(1999, id="an integer that nobody made a Decimal"),
    ],
)
def test_what_is_no_amount_is_refused(amount: Decimal) -> None:
    with pytest.raises(InvalidAmount) as refusal:
        Flat(amount)
    assert refusal.value.facts["member"] == "amount"


def test_an_amount_can_be_a_quadrillion_or_the_twelfth_decimal_of_a_minor_unit() -> None:
    assert (Flat(D(10**15)).amount, Flat(D("0.000000000001")).amount) == (10**15, D("1E-12"))


def test_zeros_after_the_twelfth_decimal_say_nothing_and_are_taken() -> None:
    assert Flat(D("1.1000000000000000")) == Flat(D("1.1"))


def test_the_quantity_of_a_flat_price_makes_no_step() -> None:
    assert rated(Terms(Flat(D(500))), Usage(D(7))).derivation == rated(Terms(Flat(D(500))), Usage(D(0))).derivation
