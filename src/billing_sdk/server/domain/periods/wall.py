"""Clocks on the wall: what they show at an instant, and when they show something."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from billing_sdk.errors import InvalidZone


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database.

    Raises:
        InvalidZone: there is no zone of this name.
    """
    try:
        found = ZoneInfo(name)
    # What is raised depends on how the name is wrong: no such file, a folder, a path that leads out, odd characters.
    except (KeyError, ValueError, OSError):
        found = None
    # Every zone of the database begins with a capital; what does not is the machine's own, such as `localtime`.
    if found is None or not name[0].isupper():
        raise InvalidZone(f"{name[:64]!r} is no time zone", zone=name[:64])
    return found


def wall_clock(at: datetime, zone: str) -> datetime:
    """Return what a clock on a wall of the zone shows, without a zone."""
    return at.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: str) -> datetime:
    """Return when a clock on a wall of the zone shows something.

    What it never shows, because it was put forward, is moved forward by as much; of what it shows twice, because it
    was put back, the first counts.
    """
    return wall.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)


def on_day(year: int, month: int, day: int) -> datetime:
    """Return the midnight at which a day begins; a day that the month lacks is its last one."""
    return datetime(year, month, min(day, calendar.monthrange(year, month)[1]))  # noqa: DTZ001 - a wall has no zone
