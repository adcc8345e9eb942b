"""Usage: what counts as a quantity, which period it belongs to, and how readings add up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.server.domain.metering import (
    Reading,
    checked_dimensions,
    counted_at,
    parse_quantity,
)
from tests.unit.domain.things import agreement, at, used_of


def reading(kind: str, value: str, day: str, *, recorded: str | None = None, id_: str = "reading_1") -> Reading:
    """Return a reading that counts on a day."""
    return Reading(
        id=id_,
        agreement_id="agreement_1",
        feature_key="ai_tokens",
        kind=kind,  # type: ignore[arg-type]  # the table says which
        value=Decimal(value),
        used_at=at(day),
        recorded_at=at(recorded or day),
        counted_at=at(day),
    )


@pytest.mark.parametrize(
    ("text", "value"), [("0", "0"), ("12", "12"), ("0.5", "0.5"), ("-0", "0"), ("9" * 20 + "." + "9" * 12, None)]
)
def test_plain_digits_are_a_quantity(text, value):
    assert parse_quantity(text) == Decimal(value or text)


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "1e3", "1E+999999", "1_000", "NaN", "Infinity", "0x1", ".5", "5.", "1,5", "-1", "-0.01",
     "٣", "1\n", "9" * 21, "0." + "9" * 13],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidQuantity):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        pytest.param([], "0", id="nothing"),
        pytest.param([reading("delta", "2", "2026-01-02"), reading("delta", "3.5", "2026-01-01")], "5.5", id="deltas"),
        pytest.param(
            [
                reading("delta", "9", "2026-01-01"),
                reading("absolute", "5", "2026-01-02"),
                reading("delta", "1", "2026-01-03"),
            ],
            "6",
            id="an absolute one overrides what was before it",
        ),
        pytest.param(
            [
                reading("absolute", "5", "2026-01-02"),
                reading("delta", "9", "2026-01-01", recorded="2026-01-05"),
            ],
            "5",
            id="a delta that happened before it and is reported later changes nothing",
        ),
        pytest.param(
            [reading("absolute", "5", "2026-01-03"), reading("absolute", "7", "2026-01-02", recorded="2026-01-04")],
            "5",
            id="of two absolute ones the later use counts",
        ),
        pytest.param(
            [
                reading("delta", "99999999999999999999.999999999999", "2026-01-01", id_=f"reading_{number}")
                for number in range(3)
            ],
            "299999999999999999999.999999999997",
            id="no digit of a large sum is lost",
        ),
    ],
)
def test_readings_add_up(readings, expected):
    assert used_of(readings).total == Decimal(expected)


@pytest.mark.parametrize(
    ("used", "recorded", "counted"),
    [
        pytest.param("2026-02-10", "2026-02-11", "2026-02-10", id="within the period: when it was used"),
        pytest.param("2026-02-01", "2026-02-20", "2026-02-01", id="at the start of the period: in it"),
        pytest.param("2026-01-31", "2026-02-02", "2026-02-02", id="a period that has ended does not change any more"),
        pytest.param("2025-12-31", "2026-01-02", "2026-01-01", id="before the agreement: at its start"),
        pytest.param("2025-12-31", "2026-03-02", "2026-03-02", id="before the agreement, reported late: at the report"),
    ],
)
def test_usage_counts_in_the_period_of_its_use_unless_that_is_over_and_late_usage_is_for_the_next_one(
    used, recorded, counted
):
    assert counted_at(at(used), at(recorded), agreement(at("2026-01-01")), "next_period") == at(counted)


@pytest.mark.parametrize(
    ("used", "counted"),
    [
        pytest.param("2026-02-10", "2026-02-10", id="when it was used"),
        pytest.param("2026-01-31", "2026-01-31", id="a period that has ended is rated again"),
        pytest.param("2025-12-31", "2026-01-01", id="before the agreement: at its start"),
    ],
)
def test_usage_counts_when_it_was_used_however_late_it_is_reported(used, counted):
    assert counted_at(at(used), at("2026-04-02"), agreement(at("2026-01-01"))) == at(counted)


def test_usage_is_added_up_by_what_it_is_marked_with_and_a_total_begins_anew():
    small, large = (("model", "small"),), (("model", "large"), ("region", "eu"))
    readings = [
        replace(reading("delta", "9", "2026-01-01"), dimensions=small),
        reading("absolute", "20", "2026-01-02"),
        replace(reading("delta", "1", "2026-01-03"), dimensions=small),
        replace(reading("delta", "2", "2026-01-04"), dimensions=large),
        replace(reading("delta", "4", "2026-01-05"), dimensions=small),
        reading("delta", "8", "2026-01-06"),
    ]
    assert used_of(reversed(readings)).by_dimension == ((large, Decimal(2)), (small, Decimal(5)))
    assert used_of(readings).total == 35


def test_marks_of_usage_are_kept_in_the_order_of_their_names():
    assert checked_dimensions({"region": "eu", "model": "a"}, "delta") == (("model", "a"), ("region", "eu"))
    assert checked_dimensions({}, "absolute") == ()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param({"model": "a"}, "absolute", id="a total with marks"),
        pytest.param({f"d{number}": "v" for number in range(11)}, "delta", id="eleven"),
        pytest.param({"": "a"}, "delta", id="without a name"),
        pytest.param({"n" * 101: "a"}, "delta", id="a long name"),
        pytest.param({"model": ""}, "delta", id="without a value"),
        pytest.param({"model": "v" * 201}, "delta", id="a long value"),
        pytest.param({"model": "a\0"}, "delta", id="a control character"),
    ],
)
def test_marks_of_usage_out_of_bounds_are_refused(given, kind):
    with pytest.raises(InvalidRequest):
        checked_dimensions(given, kind)
