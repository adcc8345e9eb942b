"""Graduated prices: each slice at the tier that it lies in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidTiers
from billing_sdk.server.domain.rating import Graduated
from tests.unit.domain.rating.rating import CHARGE, SKIP, exact, rated, steps_named, tier

PLAIN = Graduated((tier("5", "7"), tier("10", "6.5"), tier(None, "6")))
WITH_FEES = Graduated((tier("10", "0", "500"), tier("20", "40", "100"), tier(None, "30", "50")))
CLOSED = Graduated((tier("10", "40"), tier("20", "30"), tier("100", "15")))


@pytest.mark.attack(185)
@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        pytest.param("0", "0", id="nothing"),
        pytest.param("1", "7", id="one unit of the first tier"),
        pytest.param("5", "35", id="the last unit of the first tier belongs to it"),
        pytest.param("5.000000000001", "35.0000000000065", id="the least bit above it does not"),
        pytest.param("6", "41.5", id="one unit of the second tier"),
        pytest.param("10", "67.5", id="both tiers full"),
        pytest.param("10.5", "70.5", id="half a unit costs half of it"),
        pytest.param("20", "127.5", id="the open tier"),
        pytest.param("25", "157.5", id="further into the open tier"),
        pytest.param("-3", "0", id="below zero is billed as zero"),
    ],
)
def test_each_slice_is_priced_at_its_tier(quantity: str, amount: str) -> None:
    assert exact(PLAIN, quantity) == Decimal(amount)


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        pytest.param("0.5", "500", id="entering the first tier costs its fee"),
        pytest.param("10", "500", id="the fee of a tier that is not entered is not charged"),
        pytest.param("11", "640", id="entering the second tier adds its fee"),
        pytest.param("21", "1080", id="and the third"),
    ],
)
def test_every_tier_that_is_entered_adds_its_flat_amount_once(quantity: str, amount: str) -> None:
    assert exact(WITH_FEES, quantity) == Decimal(amount)


@pytest.mark.parametrize(("policy", "amount"), [(SKIP, "0"), (CHARGE, "500")])
def test_whether_usage_of_zero_pays_the_first_flat_amount_is_a_policy_that_the_result_records(policy, amount) -> None:
    charged = rated(WITH_FEES, "0", policy=policy)
    (step,) = steps_named(charged, "zero_usage")
    assert charged.amount.minor == int(amount)
    assert (step.fact("zero_usage_flat_fee"), step.fact("flat_amount")) == (policy.zero_usage_flat_fee, "500")


@pytest.mark.parametrize(("own", "policy", "amount"), [("charge", SKIP, 500), ("skip", CHARGE, 0)])
def test_what_a_price_says_of_usage_of_zero_goes_before_the_policy(own, policy, amount) -> None:
    charged = rated(replace(WITH_FEES, zero_usage_flat_fee=own), "0", policy=policy)
    assert charged.amount.minor == amount
    assert steps_named(charged, "zero_usage")[0].fact("zero_usage_flat_fee") == own


def test_usage_beyond_a_closed_last_tier_is_charged_at_the_last_tier() -> None:
    assert exact(CLOSED, "100") == 10 * 40 + 10 * 30 + 80 * 15
    assert exact(CLOSED, "250") == 10 * 40 + 10 * 30 + 230 * 15


def test_the_derivation_shows_every_slice() -> None:
    steps = steps_named(rated(PLAIN, "25"), "graduated")
    assert [(step.fact("tier"), step.fact("above"), step.fact("quantity"), step.amount) for step in steps] == [
        ("1", "0", "5", "35"),
        ("2", "5", "5", "32.5"),
        ("3", "10", "15", "90"),
    ]


@pytest.mark.parametrize(
    ("tiers", "wrong"),
    [
        pytest.param((), 1, id="no tier"),
        pytest.param((tier("10"), tier("10")), 2, id="an empty tier"),
        pytest.param((tier("10"), tier("20"), tier("15"), tier(None)), 3, id="out of order"),
        pytest.param((tier("10"), tier(None), tier("30")), 2, id="open in the middle"),
        pytest.param(tuple(tier(str(end)) for end in range(1, 102)), 101, id="more than a hundred"),
    ],
)
def test_tiers_that_are_no_scale_are_refused_with_the_tier_named(tiers, wrong: int) -> None:
    with pytest.raises(InvalidTiers) as refusal:
        Graduated(tiers)
    assert refusal.value.facts["tier"] == wrong
