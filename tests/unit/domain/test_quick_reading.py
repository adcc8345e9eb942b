"""Meters read at speed: the same as without, for every meter and all data."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.metering import Condition, Measured, Meter
from billing_sdk.server.domain.metering.quick_reading import reader_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
AGGREGATIONS = ("sum", "count", "unique_count", "average", "minimum", "maximum", "latest", "weighted_sum")
PATHS = ("$.value", "$.inner.value", "$['value']", "$.list[0]", "$")
DIMENSIONS = (
    (),
    (("*", "$.inner"),),
    (("*", "$.a.b"),),
    (("model", "$.inner.model"), ("region", "$.region")),
    (("*", "$.inner"), ("region", "$.region")),
)
SIMPLE = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        10**20 - 1,
        10**20,
        "1",
        "0",
        "-1",
        "1.5",
        "x",
        "",
        "\x1b",
        Decimal("1.5"),
        Decimal("-0"),
        Decimal("1E+30"),
    ]
)
VALUES = st.recursive(
    SIMPLE, lambda one: st.dictionaries(st.sampled_from(["value", "model", "b", ""]), one) | st.lists(one), max_leaves=4
)
DATA = st.dictionaries(st.sampled_from(["value", "inner", "list", "region", "a"]), VALUES)


def outcome(read, data):
    try:
        found = read(data)
        return found if isinstance(found, Measured) else found[0] if found else None
    except BillingError as error:
        return type(error), str(error)


@given(
    st.sampled_from(AGGREGATIONS),
    st.sampled_from(PATHS),
    st.sampled_from(DIMENSIONS),
    st.sampled_from([(), (Condition("$.region", "ne", ("x",)),)]),
    st.lists(DATA, max_size=5),
)
def test_a_meter_reads_the_same_at_speed(aggregation, path, dimensions, conditions, events):
    path = None if aggregation == "count" else path
    meter = Meter("meter_1", "m", "M", "tokens", aggregation, NOON, path, dimensions, conditions)
    read = reader_of(meter)
    for data in [*events, *events]:  # what is remembered is the same again
        assert outcome(read, data) == outcome(meter.measure, data)


@pytest.mark.parametrize("first", [1, True, "1"])
def test_marks_that_look_the_same_are_told_apart(first):
    meter = Meter("meter_1", "m", "M", "tokens", "sum", NOON, "$.value", (("*", "$.inner"),))
    read = reader_of(meter)
    for mark in (first, 1, True, "1"):
        data = {"value": 1, "inner": {"model": mark}}
        assert read(data) == (meter.measure(data),)
