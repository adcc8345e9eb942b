"""Proration: which share of a period a part of it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from billing_sdk.server.domain.periods.period import Period
from billing_sdk.server.domain.periods.wall import on_day, wall_clock

ProrationUnit = Literal["day", "second"]

INSTANT = timedelta(microseconds=1)


def fraction(part: Period, whole: Period, *, by: ProrationUnit, zone: str) -> Fraction:
    """Return the share of `whole` that `part` is, exactly; however a period is split, its parts come to 1.

    By day, the calendar days of the zone count, from that of the period's start to the one before its end. A day that
    has begun belongs to the part that ends in it: the day of a change counts as used. By second, elapsed time counts.

    Args:
        part: what lies outside of the whole is left out.
        whole: the period.
        by: what is counted.
        zone: where days begin.

    Raises:
        InvalidZone: there is no such time zone.
    """
    begin, end = (min(max(at, whole.start), whole.end) for at in (part.start, part.end))
    if by == "second":
        return Fraction((end - begin) // INSTANT, (whole.end - whole.start) // INSTANT)
    days = max(1, _days(whole.start, whole.end, zone))
    return Fraction(_used(end, whole, days, zone) - _used(begin, whole, days, zone), days)


def _used(at: datetime, whole: Period, days: int, zone: str) -> int:
    """Return how many of the period's days have begun by an instant."""
    if at in (whole.start, whole.end):
        return 0 if at == whole.start else days
    wall = wall_clock(at, zone)
    has_begun = wall != on_day(wall.year, wall.month, wall.day)
    return min(days, _days(whole.start, at, zone) + has_begun)


def _days(start: datetime, end: datetime, zone: str) -> int:
    return (wall_clock(end, zone).date() - wall_clock(start, zone).date()).days
