"""A schedule: the boundaries between periods.

Every boundary is computed from the anchor and never from the one before it, so that a 31st which a short month
clamps to its last day comes back in the next long one, and a 29 February in the next leap year. The clock on the wall
of the zone shows the same at each boundary, whether daylight saving applies or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from billing_sdk.errors import InvalidCadence
from billing_sdk.server.domain.periods.cadence import Cadence
from billing_sdk.server.domain.periods.period import Period
from billing_sdk.server.domain.periods.wall import instant_of, on_day, wall_clock, zone_of

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Boundaries from an anchor on, in both directions; the anchor is number zero.

    Raises:
        InvalidZone: there is no such time zone.
    """

    anchor: datetime
    cadence: Cadence
    zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_of(self.zone)

    def boundary(self, index: int) -> datetime:
        """Return a boundary; those before the anchor have negative numbers.

        Raises:
            InvalidCadence: it lies beyond the end of the calendar, which is the year 9999, or before its beginning.
        """
        try:
            return _boundary(self, index)
        except (OverflowError, ValueError):
            raise InvalidCadence(
                f"the calendar has no {self.cadence} number {index} from {self.anchor:%Y-%m-%d}"
            ) from None

    def index_at(self, at: datetime) -> int:
        """Return the number of the latest boundary that is not after `at`."""
        return _index_at(self, at)

    def period(self, index: int) -> Period:
        """Return the period that begins at a boundary."""
        return Period(self.boundary(index), self.boundary(index + 1))

    def period_at(self, at: datetime) -> Period:
        """Return the period that contains `at`."""
        return self.period(self.index_at(at))

    def boundaries_after(self, at: datetime) -> Iterator[datetime]:
        """Yield the boundaries after `at`, without end."""
        index = self.index_at(at)
        while True:
            index += 1
            yield self.boundary(index)


# To bill one agreement the same few boundaries are asked for again and again.
@lru_cache(maxsize=4_096)
def _index_at(schedule: Schedule, at: datetime) -> int:
    index = _estimate(schedule, at)
    while schedule.boundary(index) > at:
        index -= 1
    while schedule.boundary(index + 1) <= at:
        index += 1
    return index


def _estimate(schedule: Schedule, at: datetime) -> int:
    if schedule.cadence.days:
        return (at - schedule.anchor) // (DAY * schedule.cadence.days)
    wall, anchor = wall_clock(at, schedule.zone), wall_clock(schedule.anchor, schedule.zone)
    return ((wall.year - anchor.year) * 12 + wall.month - anchor.month) // schedule.cadence.months


@lru_cache(maxsize=4_096)
def _boundary(schedule: Schedule, index: int) -> datetime:
    if not index:
        return schedule.anchor.astimezone(UTC)
    wall = wall_clock(schedule.anchor, schedule.zone)
    if schedule.cadence.months:
        return instant_of(_months_later(wall, schedule.cadence.months * index), schedule.zone)
    days = schedule.cadence.days * index
    at = instant_of(wall + DAY * days, schedule.zone)
    if schedule.cadence.unit == "day":
        # A zone that crosses the date line skips a whole day, which is then no day to count.
        skipped = round((schedule.anchor + DAY * days - at) / DAY)
        at = instant_of(wall + DAY * (days + skipped), schedule.zone) if skipped else at
    return at


def _months_later(wall: datetime, months: int) -> datetime:
    years, month_index = divmod(wall.month - 1 + months, 12)
    day = on_day(wall.year + years, month_index + 1, wall.day)
    return datetime.combine(day, wall.time())
