"""Alignment: periods that begin on the same day for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal

from billing_sdk.errors import InvalidCadence
from billing_sdk.server.domain.periods.cadence import Cadence
from billing_sdk.server.domain.periods.wall import instant_of, on_day, wall_clock

Alignment = Literal["anniversary", "calendar"]

# Far enough back for a 29 February, which a century that is no leap year keeps away for eight years.
CANDIDATES = 9 * 12


def calendar_anchor(
    at: datetime,
    cadence: Cadence,
    zone: str,
    *,
    day_of_month: int = 1,
    day_of_week: int = 1,
    month_of_year: int = 1,
) -> datetime:
    """Return the anchor of a schedule that is aligned to the calendar: the latest such boundary not after `at`.

    A boundary that a short month clamps, or whose midnight was skipped, anchors nothing, because the schedule
    would forget what it was clamped from; the latest whole one before it does.

    Args:
        at: an instant of the first period.
        cadence: months of a count that divides the year are aligned to `month_of_year`, years to it, too.
        zone: where midnight is.
        day_of_month: 1 to 31, for months and years.
        day_of_week: 1 is Monday, for weeks.
        month_of_year: 1 is January.

    Raises:
        InvalidCadence: there is no such day or month.
        InvalidZone: there is no such time zone.
    """
    for name, value, most in (
        ("day_of_month", day_of_month, 31),
        ("day_of_week", day_of_week, 7),
        ("month_of_year", month_of_year, 12),
    ):
        if not 1 <= value <= most:
            raise InvalidCadence(f"{name} is between 1 and {most}")
    wall = wall_clock(at, zone)
    if cadence.months:
        walls = _by_months(wall, cadence.months, day_of_month, month_of_year)
    else:
        walls = _by_days(wall, 7 if cadence.unit == "week" else 1, day_of_week)
    past = [(wall, instant_of(wall, zone)) for wall in islice(walls, CANDIDATES)]
    _, anchor = max(
        ((wall, begin) for wall, begin in past if begin <= at),
        key=lambda pair: (
            wall_clock(pair[1], zone) == pair[0],
            pair[0].day if cadence.months else 0,
            pair[1],
        ),
    )
    return anchor.astimezone(UTC)


def _by_months(wall: datetime, months: int, day_of_month: int, month_of_year: int) -> Iterator[datetime]:
    # Counts that do not divide the year have no place in it: they begin in any month.
    step = months if 12 % months == 0 else 12 if months % 12 == 0 else 1
    month = wall.year * 12 + wall.month - 1
    month -= (month - (month_of_year - 1)) % step
    while True:
        yield on_day(month // 12, month % 12 + 1, day_of_month)
        month -= step


def _by_days(wall: datetime, days: int, day_of_week: int) -> Iterator[datetime]:
    midnight = on_day(wall.year, wall.month, wall.day)
    if days == 7:
        midnight -= timedelta(days=(midnight.isoweekday() - day_of_week) % 7)
    while True:
        yield midnight
        midnight -= timedelta(days=days)
