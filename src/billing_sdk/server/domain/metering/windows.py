"""Windows: the minutes, hours, days and months that usage is shown by, on the calendar of a time zone.

Days and months begin at the zone's midnight, so a day has 23 or 25 hours where clocks are put forward or back. Hours
and minutes are counted from there: in a zone that is half an hour off, they begin at half past (UTC).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from billing_sdk.server.domain.periods import Period, instant_of, wall_clock

Granularity = Literal["minute", "hour", "day", "month"]

SIZES = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
DAY = timedelta(days=1)


def window_at(at: datetime, granularity: Granularity, zone: str) -> Period:
    """Return the window that an instant lies in."""
    day = wall_clock(at, zone).date()
    if granularity == "month":
        return _month(day, zone) if _month(day, zone).contains(at) else _neighbour(at, _month(day, zone), zone)
    window = _day(day, zone)
    if not window.contains(at):  # clocks that are put back over midnight show the day before once more
        window = _day(day + DAY if at >= window.end else day - DAY, zone)
    if granularity == "day":
        return window
    size = SIZES[granularity]
    start = window.start + (at - window.start) // size * size
    return Period(start, min(start + size, window.end))


def windows_of(whole: Period, granularity: Granularity, zone: str) -> Iterator[Period]:
    """Yield the windows of a stretch of time in their order; the first and the last one are cut to it."""
    start = whole.start
    while start < whole.end:
        end = min(window_at(start, granularity, zone).end, whole.end)
        yield Period(start, end)
        start = end


def _neighbour(at: datetime, month: Period, zone: str) -> Period:
    beside = month.end if at >= month.end else month.start - DAY
    return _month(wall_clock(beside, zone).date(), zone)


@lru_cache(maxsize=4_096)
def _day(day: date, zone: str) -> Period:
    return Period(_midnight(day, zone), _midnight(day + DAY, zone))


@lru_cache(maxsize=1_024)
def _month(day: date, zone: str) -> Period:
    first = day.replace(day=1)
    return Period(_midnight(first, zone), _midnight((first + 31 * DAY).replace(day=1), zone))


def _midnight(day: date, zone: str) -> datetime:
    return instant_of(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - a wall has no zone
