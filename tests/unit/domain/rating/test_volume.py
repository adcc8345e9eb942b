"""Volume prices: the whole quantity at the tier that it falls in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidTiers
from billing_sdk.server.domain.rating import Volume
from tests.unit.domain.rating.rating import CHARGE, SKIP, exact, rated, steps_named, tier

PLAIN = Volume((tier("5", "7"), tier("10", "6.5"), tier(None, "6")))
WITH_FEES = Volume((tier("10", "5", "200"), tier("20", "4", "100"), tier(None, "3")))
CLOSED = Volume((tier("10", "5"), tier("20", "4")))


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        pytest.param("0", "0", id="nothing"),
        pytest.param("1", "7", id="the first tier"),
        pytest.param("5", "35", id="its last unit belongs to it"),
        pytest.param("5.5", "35.75", id="half a unit more is in the second tier"),
        pytest.param("6", "39", id="the second tier"),
        pytest.param("10", "65", id="its last unit"),
        pytest.param("20", "120", id="the open tier"),
        pytest.param("25", "150", id="further into it"),
        pytest.param("-2", "0", id="below zero is billed as zero"),
    ],
)
def test_the_whole_quantity_is_priced_at_one_tier(quantity: str, amount: str) -> None:
    assert exact(PLAIN, quantity) == Decimal(amount)


@pytest.mark.parametrize(("quantity", "amount"), [("1", 205), ("10", 250), ("11", 144), ("21", 63)])
def test_only_the_tier_that_decides_adds_its_flat_amount(quantity: str, amount: int) -> None:
    assert exact(WITH_FEES, quantity) == amount


@pytest.mark.parametrize(("policy", "amount"), [(SKIP, 0), (CHARGE, 200)])
def test_whether_usage_of_zero_pays_the_first_flat_amount_is_a_policy_that_the_result_records(policy, amount) -> None:
    charged = rated(WITH_FEES, "0", policy=policy)
    assert charged.amount.minor == amount
    assert steps_named(charged, "zero_usage")[0].fact("zero_usage_flat_fee") == policy.zero_usage_flat_fee


@pytest.mark.parametrize(("own", "policy", "amount"), [("charge", SKIP, 200), ("skip", CHARGE, 0)])
def test_what_a_price_says_of_usage_of_zero_goes_before_the_policy(own, policy, amount) -> None:
    charged = rated(replace(WITH_FEES, zero_usage_flat_fee=own), "0", policy=policy)
    assert charged.amount.minor == amount
    assert steps_named(charged, "zero_usage")[0].fact("zero_usage_flat_fee") == own


def test_usage_beyond_a_closed_last_tier_is_charged_at_the_last_tier() -> None:
    assert exact(CLOSED, "1000") == 4000


def test_one_unit_more_can_cost_less() -> None:
    assert exact(WITH_FEES, "11") < exact(WITH_FEES, "10")


def test_the_derivation_names_the_tier() -> None:
    (step,) = steps_named(rated(PLAIN, "6"), "volume")
    assert dict(step.facts) == {
        "tier": "2",
        "above": "5",
        "up_to": "10",
        "quantity": "6",
        "unit_amount": "6.5",
        "flat_amount": "0",
    }


def test_a_scale_can_have_a_hundred_tiers() -> None:
    assert exact(Volume(tuple(tier(str(end), str(end)) for end in range(1, 101))), "100") == 10_000


def test_tiers_that_are_no_scale_are_refused_with_the_tier_named() -> None:
    with pytest.raises(InvalidTiers) as refusal:
        Volume((tier("10"), tier("9"), tier(None)))
    assert refusal.value.facts == {"tier": 2, "member": "tiers[1].up_to"}
