"""Prices as this door writes them, in licence fees and rates alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from billing_sdk.errors import BillingError
from billing_sdk.server.api.stripe.prices import PriceBody, PriceView, changed_terms, price_members, terms_of
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Package,
    PerUnit,
    Terms,
    Tier,
    UnitConversion,
    Usage,
    Volume,
    charge,
)

TIERS = [
    {"up_to_decimal": "1000", "unit_amount": "0"},
    {"up_to_inf": "inf", "unit_amount": "0.5", "flat_amount": "100"},
]
SHOWN_TIERS = [
    {"flat_amount": None, "unit_amount": "0", "up_to_decimal": "1000", "up_to_inf": None},
    {"flat_amount": "100", "unit_amount": "0.5", "up_to_decimal": None, "up_to_inf": "inf"},
]
NOTHING = {"unit_amount": None, "tiers": [], "tiering_mode": None, "transform_quantity": None}


def read(**members: Any) -> Terms:
    return terms_of(PriceBody(**members))


def shown(terms: Terms) -> dict[str, Any]:
    return PriceView(**price_members(terms)).model_dump(mode="json")


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({"unit_amount": "0.000000000001"}, {"unit_amount": "0.000000000001"}),
        ({"unit_amount": 5}, {"unit_amount": "5"}),
        ({"unit_amount": "5.500"}, {"unit_amount": "5.5"}),
        (
            {"unit_amount": "5", "transform_quantity": {"divide_by": "100", "round": "up"}},
            {"unit_amount": "5", "transform_quantity": {"divide_by": "100", "round": "up"}},
        ),
        (
            {"unit_amount": "5", "transform_quantity": {"divide_by": 100, "round": "down"}},
            {"unit_amount": "5", "transform_quantity": {"divide_by": "100", "round": "down"}},
        ),
        ({"tiers": TIERS, "tiering_mode": "graduated"}, {"tiers": SHOWN_TIERS, "tiering_mode": "graduated"}),
        ({"tiers": TIERS, "tiering_mode": "volume"}, {"tiers": SHOWN_TIERS, "tiering_mode": "volume"}),
        (
            {"tiers": [{"up_to_inf": "inf", "flat_amount": "5"}], "tiering_mode": "volume"},
            {
                "tiers": [{"flat_amount": "5", "unit_amount": None, "up_to_decimal": None, "up_to_inf": "inf"}],
                "tiering_mode": "volume",
            },
        ),
    ],
)
def test_a_price_is_shown_as_it_was_written(members: dict[str, Any], answer: dict[str, Any]) -> None:
    assert shown(read(**members)) == {**NOTHING, **answer}


@pytest.mark.parametrize(
    ("members", "code", "param"),
    [
        ({}, "parameter_missing", "unit_amount"),
        ({"tiers": []}, "parameter_missing", "unit_amount"),
        ({"unit_amount": "1", "tiers": TIERS, "tiering_mode": "volume"}, "parameter_invalid", "unit_amount"),
        ({"tiers": TIERS}, "parameter_missing", "tiering_mode"),
        ({"unit_amount": "1", "tiering_mode": "volume"}, "parameter_invalid", "tiering_mode"),
        ({"unit_amount": "-1"}, "parameter_invalid", "unit_amount"),
        ({"unit_amount": "0.0000000000001"}, "parameter_invalid", "unit_amount"),
        (
            {"tiers": [{"up_to_decimal": "5", "unit_amount": "1"}], "tiering_mode": "volume"},
            "parameter_invalid",
            "tiers[0].up_to_inf",
        ),
        ({"tiers": [{"unit_amount": "1"}], "tiering_mode": "volume"}, "parameter_invalid", "tiers[0].up_to_decimal"),
        ({"tiers": [{"up_to_inf": "inf"}], "tiering_mode": "volume"}, "parameter_missing", "tiers[0].unit_amount"),
        (
            {"tiers": [{"up_to_decimal": "5", "up_to_inf": "inf", "unit_amount": "1"}], "tiering_mode": "volume"},
            "parameter_invalid",
            "tiers[0].up_to_decimal",
        ),
        (
            {"tiers": [{"up_to_decimal": "0", "unit_amount": "1"}, TIERS[1]], "tiering_mode": "volume"},
            "parameter_invalid",
            "tiers[0].up_to_decimal",
        ),
        (
            {"tiers": [TIERS[0], {"up_to_decimal": "5", "unit_amount": "1"}, TIERS[1]], "tiering_mode": "volume"},
            "parameter_invalid",
            "tiers[1].up_to_decimal",
        ),
    ],
)
def test_what_is_no_price_is_refused_where_it_is_wrong(members: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(BillingError) as caught:
        read(**members)
    assert (caught.value.facts["published_code"], caught.value.facts["parameter"]) == (code, param)


@pytest.mark.parametrize("members", [{"transform_quantity": {"divide_by": 0, "round": "up"}}, {"unit_amount": "1e3"}])
def test_numbers_are_plain_digits_of_a_size_that_makes_sense(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PriceBody(**{"unit_amount": "1", **members})


@pytest.mark.parametrize(
    ("price", "quantity", "minor"),
    [
        ({"tiers": TIERS, "tiering_mode": "graduated"}, "1000", 0),
        ({"tiers": TIERS, "tiering_mode": "graduated"}, "1010", 105),
        ({"tiers": TIERS, "tiering_mode": "volume"}, "1010", 605),
        ({"unit_amount": "5", "transform_quantity": {"divide_by": 100, "round": "up"}}, "101", 10),
        ({"unit_amount": "5", "transform_quantity": {"divide_by": 100, "round": "down"}}, "199", 5),
    ],
)
def test_a_price_comes_to_what_the_documentation_says(price: dict[str, Any], quantity: str, minor: int) -> None:
    """Stripe documentation, "Set up tiered pricing" and "Quantity transformation"."""
    assert charge(read(**price), Usage(Decimal(quantity)), currency="USD").amount.minor == minor


PER_UNIT = Terms(PerUnit(Decimal(5)), conversion=UnitConversion("divide", Decimal(10), "ceiling"))
TIERED = Terms(Volume((Tier(None, Decimal(5)),)))


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (
            PER_UNIT,
            {"unit_amount": "7"},
            {"unit_amount": "7", "transform_quantity": {"divide_by": "10", "round": "up"}},
        ),
        (PER_UNIT, {"transform_quantity": None}, {"unit_amount": "5"}),
        (TIERED, {"unit_amount": "7"}, {"unit_amount": "7"}),
        (
            Terms(PerUnit(Decimal(5))),
            {"tiers": TIERS, "tiering_mode": "volume"},
            {"tiers": SHOWN_TIERS, "tiering_mode": "volume"},
        ),
        (TIERED, {"tiers": TIERS}, {"tiers": SHOWN_TIERS, "tiering_mode": "volume"}),
    ],
)
def test_a_change_of_a_price_leaves_what_it_does_not_name(
    before: Terms, change: dict[str, Any], after: dict[str, Any]
) -> None:
    assert shown(changed_terms(before, PriceBody(**change))) == {**NOTHING, **after}


@pytest.mark.parametrize(
    ("terms", "answer"),
    [
        (Terms(Flat(Decimal(500))), {"unit_amount": "500"}),
        (
            Terms(Package(Decimal(1000), Decimal(200))),
            {"unit_amount": "200", "transform_quantity": {"divide_by": "1000", "round": "up"}},
        ),
        (Terms(ByDimension(("model",), ((("a",), PerUnit(Decimal(1))),))), {}),
        (
            Terms(Graduated((Tier(Decimal(10)), Tier(None, Decimal(2))))),
            {
                "tiers": [
                    {"flat_amount": None, "unit_amount": "0", "up_to_decimal": "10", "up_to_inf": None},
                    {"flat_amount": None, "unit_amount": "2", "up_to_decimal": None, "up_to_inf": "inf"},
                ],
                "tiering_mode": "graduated",
            },
        ),
    ],
)
def test_a_price_of_another_door_is_shown_as_far_as_it_can_be(terms: Terms, answer: dict[str, Any]) -> None:
    assert shown(terms) == {**NOTHING, **answer}
