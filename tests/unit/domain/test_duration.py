"""Durations of ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing_sdk.errors import InvalidDuration
from billing_sdk.server.domain.periods import NO_TIME, Duration

JANUARY_31 = datetime(2025, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P14D", Duration(days=14)),
        ("P1DT2H", Duration(days=1, hours=2)),
        ("PT12H", Duration(hours=12)),
        ("P1M", Duration(months=1)),
        ("PT1M", Duration(minutes=1)),
        ("P2W", Duration(weeks=2)),
        ("P1Y2M3W4DT5H6M7S", Duration(1, 2, 3, 4, 5, 6, 7)),
        ("PT0S", NO_TIME),
    ],
)
def test_a_duration_is_read_and_written_alike(text: str, duration: Duration) -> None:
    """What comes in is what goes out."""
    assert Duration.parse(text) == duration
    assert str(duration) == text


@pytest.mark.parametrize("text", ["P0D", "P0Y0M", "PT0H0M"])
def test_no_time_is_written_in_one_way(text: str) -> None:
    """However it was put, nothing is nothing."""
    assert Duration.parse(text).is_zero
    assert str(Duration.parse(text)) == "PT0S"


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1", "1D", "P1DT", "PT1D", "P-1D", "-P1D", "P1.5D", "P1H", "p1d", "P1D ", "P1D1M", "P\u0661D"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Fractions, signs, units out of order and digits of other scripts among it."""
    with pytest.raises(InvalidDuration, match="no duration"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["P11Y", "P121M", "P999999999D", "P9Y400D", "PT999999999S"])
def test_more_than_ten_years_are_refused(text: str) -> None:
    """A slip of the finger is likelier than such a wait."""
    with pytest.raises(InvalidDuration, match="more than ten years"):
        Duration.parse(text)


@pytest.mark.parametrize("days", [-1, 1.5, True])
def test_units_are_whole_numbers(days: object) -> None:
    """Neither negative nor broken."""
    with pytest.raises(InvalidDuration, match="days are no duration"):
        Duration(days=days)  # type: ignore[arg-type]  # what a document may hold


@pytest.mark.parametrize(
    ("text", "zone", "after"),
    [
        ("PT0S", "UTC", JANUARY_31),
        ("P1M", "UTC", datetime(2025, 2, 28, 10, tzinfo=UTC)),
        ("P1M1D", "UTC", datetime(2025, 3, 1, 10, tzinfo=UTC)),
        ("P1Y1M", "UTC", datetime(2026, 2, 28, 10, tzinfo=UTC)),
        ("P1W", "UTC", datetime(2025, 2, 7, 10, tzinfo=UTC)),
        ("P2M", "Europe/Berlin", datetime(2025, 3, 31, 9, tzinfo=UTC)),
        ("P57DT48H", "Europe/Berlin", datetime(2025, 3, 31, 10, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_the_calendar_and_hours_are_elapsed(text: str, zone: str, after: datetime) -> None:
    """Clocks in Berlin are put forward on 30 March 2025: its days then are not all of 24 hours."""
    assert Duration.parse(text).after(JANUARY_31, zone) == after


def test_the_calendar_ends() -> None:
    """Nothing lies beyond the year 9999."""
    with pytest.raises(InvalidDuration, match="calendar ends"):
        Duration(years=1).after(datetime(9999, 6, 1, tzinfo=UTC))
