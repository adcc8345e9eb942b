"""Percentages: a share of a value in minor units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import InvalidAmount, InvalidPrice
from billing_sdk.server.domain.rating import Percentage, Usage
from tests.unit.domain.rating.rating import D, exact, rated

BOUNDED = Percentage(D("2.9"), minimum=D(30), maximum=D(500))


def uses(*values: str) -> Usage:
    return Usage(sum(map(D, values), D(0)), uses=tuple(map(D, values)))


@pytest.mark.parametrize(
    ("percent", "value", "amount"),
    [
        pytest.param("2.5", "10000", "250", id="two and a half of a hundred dollars"),
        pytest.param("2.5", "0", "0", id="of nothing"),
        pytest.param("0", "10000", "0", id="none of it"),
        pytest.param("100", "10000", "10000", id="all of it"),
        pytest.param("0.000000000001", "1", "0.00000000000001", id="the finest share of the least"),
        pytest.param("2.5", "-10000", "0", id="of less than nothing"),
    ],
)
def test_a_share_of_the_value_is_charged(percent: str, value: str, amount: str) -> None:
    assert exact(Percentage(D(percent)), value) == Decimal(amount)


@pytest.mark.parametrize(
    ("usage", "amount"),
    [
        pytest.param(uses(), "0", id="no use"),
        pytest.param(uses("10000"), "290", id="between the bounds"),
        pytest.param(uses("100"), "30", id="the least that a use costs"),
        pytest.param(uses("1000000"), "500", id="the most that a use costs"),
        pytest.param(uses("100", "100", "10000", "15000", "1000000"), "1285", id="each use by itself"),
        pytest.param(uses("100", "0", "-100"), "30", id="a use of nothing and one that was taken back cost nothing"),
        pytest.param(Usage(D(100)), "30", id="what there is counts as one use where the uses are not known"),
        pytest.param(Usage(D(0)), "0", id="and nothing is no use"),
    ],
)
def test_bounds_hold_for_each_use(usage: Usage, amount: str) -> None:
    assert exact(BOUNDED, usage) == Decimal(amount)


def test_the_derivation_counts_the_uses_at_their_bounds() -> None:
    charged = rated(BOUNDED, uses("100", "100", "10000", "15000", "1000000"))
    assert [(step.name, dict(step.facts)) for step in charged.derivation.steps[1:-1]] == [
        ("percentage", {"value": "25000", "percent": "2.9"}),
        ("minimum_per_use", {"uses": "2", "each": "30"}),
        ("maximum_per_use", {"uses": "1", "each": "500"}),
    ]


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        pytest.param(Percentage(D(10), minimum=D(5)), 5 + 20, id="a minimum alone"),
        pytest.param(Percentage(D(10), maximum=D(15)), 1 + 15, id="a maximum alone"),
        pytest.param(Percentage(D(10), minimum=D(7), maximum=D(7)), 7 + 7, id="every use the same"),
    ],
)
def test_one_bound_is_enough_to_look_at_each_use(price: Percentage, amount: int) -> None:
    assert exact(price, uses("10", "200")) == amount


def test_a_use_that_costs_exactly_its_bound_is_priced_by_its_share() -> None:
    charged = rated(Percentage(D(10), minimum=D(5), maximum=D(20)), uses("50", "200"))
    assert [step.name for step in charged.derivation.steps] == ["usage", "percentage", "round"]


def test_without_bounds_the_uses_make_no_difference() -> None:
    known = Usage(D(100), uses=(D(60), D(30)))
    assert exact(Percentage(D(10)), known) == exact(Percentage(D(10)), "100") == 10


@pytest.mark.parametrize(
    ("members", "wrong", "refusal"),
    [
        pytest.param((D(-1),), "percent", InvalidPrice, id="a negative share"),
        pytest.param((D(1), D(-1)), "minimum", InvalidAmount, id="a negative minimum"),
        pytest.param((D(1), None, D("0." + "0" * 12 + "1")), "maximum", InvalidAmount, id="thirteen decimals"),
        pytest.param((D(1), D(5), D(4)), "minimum", InvalidPrice, id="bounds the wrong way round"),
    ],
)
def test_what_is_no_percentage_is_refused(members: Any, wrong: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal) as caught:
        Percentage(*members)
    assert caught.value.facts["member"] == wrong
