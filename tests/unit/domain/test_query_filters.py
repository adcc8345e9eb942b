"""Filters of a query: what has to hold of a dimension."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.metering import DimensionFilter


@pytest.mark.parametrize(
    ("wanted", "held_by"),
    [
        (DimensionFilter("model", "eq", ("gpt",)), ["gpt"]),
        (DimensionFilter("model", "ne", ("gpt",)), ["gpt-mini", "claude", None]),
        (DimensionFilter("model", "not_in", ("gpt", "claude")), ["gpt-mini", None]),
        (DimensionFilter("model", "contains", ("gpt",)), ["gpt", "gpt-mini"]),
        (DimensionFilter("model", "not_contains", ("gpt",)), ["claude", None]),
        (DimensionFilter("model", "exists"), ["gpt", "gpt-mini", "claude"]),
        (DimensionFilter("model", "absent"), [None]),
        (
            DimensionFilter(
                "model",
                "or",
                parts=(DimensionFilter("model", "eq", ("claude",)), DimensionFilter("model", "contains", ("mini",))),
            ),
            ["gpt-mini", "claude"],
        ),
        (
            DimensionFilter(
                "model",
                "and",
                parts=(DimensionFilter("model", "contains", ("gpt",)), DimensionFilter("model", "ne", ("gpt",))),
            ),
            ["gpt-mini"],
        ),
    ],
)
def test_usage_counts_whose_dimension_is_as_a_filter_asks(wanted, held_by):
    values = ["gpt", "gpt-mini", "claude", None]

    found = [value for value in values if wanted.holds({} if value is None else {"model": value})]

    assert found == held_by


@pytest.mark.parametrize(
    ("operator", "values", "parts"),
    [
        ("eq", (), ()),
        ("contains", ("a", "b"), ()),
        ("exists", ("a",), ()),
        ("or", (), ()),
        ("and", (), (DimensionFilter("model", "exists"),) * 11),
        ("eq", ("a",), (DimensionFilter("model", "exists"),)),
        ("like", ("a",), ()),
    ],
)
def test_a_filter_that_takes_another_number_of_values_is_refused(operator, values, parts):
    with pytest.raises(InvalidRequest):
        DimensionFilter("model", operator, values, parts)


def test_filters_are_not_nested_without_end():
    nested = DimensionFilter("model", "exists")
    for _ in range(4):
        nested = DimensionFilter("model", "or", parts=(nested,))

    with pytest.raises(InvalidRequest):
        DimensionFilter("model", "or", parts=(nested,))
