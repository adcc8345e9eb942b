"""Windows: minutes, hours, days and months on the calendar of a zone cover all time, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from billing_sdk.server.domain.metering import window_at, windows_of
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.metering.asking import instant

HOUR = timedelta(hours=1)
# Daylight saving at midnight, over midnight, by half an hour; a day that was left out; offsets of quarters of an hour.
ZONES = ("UTC", "Europe/Istanbul", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
         "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "America/Toronto", "Asia/Amman",
         "Africa/Casablanca", "America/St_Johns")  # fmt: skip


@pytest.mark.parametrize(
    ("at", "granularity", "zone", "start", "end"),
    [
        ("2026-03-01T12:34:56Z", "minute", "UTC", "2026-03-01T12:34Z", "2026-03-01T12:35Z"),
        ("2026-03-01T12:34:56Z", "hour", "UTC", "2026-03-01T12:00Z", "2026-03-01T13:00Z"),
        ("2026-03-01T12:34:56Z", "hour", "Asia/Kolkata", "2026-03-01T12:30Z", "2026-03-01T13:30Z"),
        ("2026-03-01T12:34:56Z", "day", "Asia/Kathmandu", "2026-02-28T18:15Z", "2026-03-01T18:15Z"),
        ("2026-03-29T12:00Z", "day", "Europe/Berlin", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("2026-10-25T12:00Z", "day", "Europe/Berlin", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("2026-02-28T23:30Z", "month", "Europe/Berlin", "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
        ("2024-02-29T00:00Z", "month", "UTC", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        # In Toronto clocks were put back at 0:01 on the last Sunday of October: 23:30 of Saturday came twice.
        ("1987-10-25T04:30Z", "day", "America/Toronto", "1987-10-25T00:00-04:00", "1987-10-26T00:00-05:00"),
    ],
)  # fmt: skip
def test_an_instant_lies_in_one_window_of_the_zones_calendar(at, granularity, zone, start, end):
    assert window_at(instant(at), granularity, zone) == Period(instant(start), instant(end))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_as_many_hours_as_its_clocks_show(day, hours):
    whole = window_at(instant(f"{day}T12:00:00+00:00"), "day", "Europe/Berlin")

    assert len(list(windows_of(whole, "hour", "Europe/Berlin"))) == hours


def test_the_first_and_the_last_window_are_cut_to_what_is_asked():
    asked = Period(instant("2026-03-01T12:30:00+00:00"), instant("2026-03-01T14:15:00+00:00"))

    assert [(one.end - one.start) / HOUR for one in windows_of(asked, "hour", "UTC")] == [0.5, 1, 0.25]


@given(
    at=st.datetimes(datetime(1980, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - in UTC
    zone=st.sampled_from(ZONES),
    granularity=st.sampled_from(("minute", "hour", "day", "month")),
)
def test_windows_follow_one_another_in_every_zone(at, zone, granularity):
    window = window_at(at, granularity, zone)
    last = window.end - timedelta(microseconds=1)

    assert window.contains(at)
    assert window_at(window.start, granularity, zone) == window == window_at(last, granularity, zone)
    assert window_at(window.end, granularity, zone).start == window.end
