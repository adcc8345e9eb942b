"""Prices by dimension: what usage is marked with decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing_sdk.errors import InvalidPrice
from billing_sdk.server.domain.rating import ByDimension, Flat, Graduated, Overage, PerUnit, Usage
from tests.unit.domain.rating.rating import D, exact, rated, steps_named, tier

SMALL, LARGE = ("small",), ("large",)
BY_MODEL = ByDimension(("model",), ((SMALL, PerUnit(D(5))), (LARGE, PerUnit(D(10)))))
WITH_REST = ByDimension(BY_MODEL.dimensions, BY_MODEL.rates, otherwise=PerUnit(D(1)))


def used(*parts: tuple[str, str], **more: str) -> Usage:
    """Return usage of models: pairs of a model and a quantity; `quantity` is all of it."""
    by_dimension = tuple(((("model", model), ("region", "eu")), D(quantity)) for model, quantity in parts)
    whole = more.get("quantity") or sum((quantity for _, quantity in by_dimension), D(0))
    return Usage(D(whole), by_dimension)


@pytest.mark.parametrize(
    ("usage", "amount", "with_rest"),
    [
        pytest.param(used(), 0, 0, id="nothing"),
        pytest.param(used(("small", "3")), 15, 15, id="one rate"),
        pytest.param(used(("large", "2"), ("small", "3")), 35, 35, id="both rates"),
        pytest.param(used(("small", "1"), ("small", "2")), 15, 15, id="the same values twice are added up"),
        pytest.param(used(("huge", "7"), ("small", "1")), 5, 12, id="a value without a rate"),
        pytest.param(used(("small", "1"), quantity="4"), 5, 8, id="usage that is not marked at all"),
        pytest.param(used(("small", "1"), quantity="2"), 5, 6, id="a single unit of it"),
        pytest.param(Usage(D(4)), 0, 4, id="no mark on any of it"),
        pytest.param(used(("small", "-1"), ("large", "2")), 20, 20, id="a part below zero counts as zero"),
    ],
)
def test_each_part_has_the_price_of_its_values(usage: Usage, amount: int, with_rest: int) -> None:
    assert exact(BY_MODEL, usage) == amount
    assert exact(WITH_REST, usage) == with_rest


@pytest.mark.parametrize(
    ("usage", "amount"),
    [
        pytest.param(used(("small", "-5")), 0, id="all of it below zero"),
        pytest.param(used(("small", "3"), ("large", "-8")), 15, id="one part below zero takes nothing from another"),
        pytest.param(used(("huge", "3"), ("giant", "-8")), 3, id="nor among those without a rate"),
        pytest.param(used(("small", "3"), quantity="-5"), 15, id="and a total that says less makes no difference"),
    ],
)
def test_every_part_counts_by_itself_whatever_all_of_them_come_to(usage: Usage, amount: int) -> None:
    charged = rated(WITH_REST, usage)
    assert charged.amount.minor == amount
    assert steps_named(charged, "usage")[0].facts == (("measured", f"{usage.quantity}"),)


def test_usage_without_a_rate_is_free_and_the_derivation_says_so() -> None:
    (step,) = steps_named(rated(BY_MODEL, used(("huge", "7"), ("giant", "2"))), "unrated")
    assert dict(step.facts) == {"values": "model=giant; model=huge", "quantity": "9"}


def test_everything_without_a_rate_is_added_up_before_it_is_priced() -> None:
    price = ByDimension(("model",), (), otherwise=Graduated((tier("5", "10"), tier(None, "1"))))
    assert exact(price, used(("a", "4"), ("b", "4"))) == 53


def test_each_rate_has_a_scale_and_an_allowance_of_its_own() -> None:
    rate = Overage(D(10), Graduated((tier("5", "10"), tier(None, "1"))))
    price = ByDimension(("model",), ((SMALL, rate), (LARGE, rate)))
    assert exact(price, used(("small", "17"), ("large", "12"))) == 52 + 20


def test_a_rate_whose_values_did_not_occur_is_not_applied() -> None:
    price = ByDimension(("model",), ((SMALL, Flat(D(100))), (LARGE, Flat(D(500)))))
    assert exact(price, used(("small", "1"))) == 100


def test_several_dimensions_decide_together() -> None:
    price = ByDimension(("model", "region"), ((("small", "eu"), PerUnit(D(1))), (("small", "us"), PerUnit(D(2)))))
    in_us, in_eu = (("region", "us"), ("model", "small")), (("model", "small"), ("region", "eu"))
    usage = Usage(D(8), ((in_us, D(3)), (in_eu, D(5))))
    assert exact(price, usage) == 11
    assert [step.fact("values") for step in steps_named(rated(price, usage), "dimension")] == [
        "model=small, region=eu",
        "model=small, region=us",
    ]


def test_the_order_in_which_usage_is_told_makes_no_difference() -> None:
    one, other = (
        used(("small", "1"), ("huge", "2"), ("large", "3")),
        used(("large", "3"), ("small", "1"), ("huge", "2")),
    )
    assert rated(BY_MODEL, one).derivation.to_bytes() == rated(BY_MODEL, other).derivation.to_bytes()


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        pytest.param(((), ()), "dimensions", id="no dimension"),
        pytest.param((("model", "model"), ()), "dimensions", id="a dimension twice"),
        pytest.param((("",), ()), "dimensions", id="a dimension without a name"),
        pytest.param((("model",), ((("a", "b"), PerUnit(D(1))),)), "rates[0].values", id="a value too many"),
        pytest.param((("model",), ((SMALL, PerUnit(D(1))),) * 2), "rates[1].values", id="values twice"),
        pytest.param((("model",), ((SMALL, BY_MODEL),)), "rates[0].price", id="dimensions in dimensions"),
        pytest.param((("model",), (), BY_MODEL), "otherwise", id="dimensions for the rest"),
        pytest.param((("m",), tuple(((str(n),), PerUnit(D(1))) for n in range(501))), "rates", id="too many rates"),
    ],
)
def test_what_is_no_price_by_dimension_is_refused(members: Any, wrong: str) -> None:
    with pytest.raises(InvalidPrice) as refusal:
        ByDimension(*members)
    assert refusal.value.facts["member"] == wrong


def test_a_price_can_have_500_rates() -> None:
    rates = tuple(((str(number),), PerUnit(D(number))) for number in range(500))
    assert exact(ByDimension(("model",), rates), used(("499", "2"))) == 998


def test_quantities_of_parts_keep_their_fractions() -> None:
    assert exact(BY_MODEL, used(("small", "0.1"), ("small", "0.2"))) == Decimal("1.5")
