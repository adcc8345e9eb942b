"""What readings add up to: by day and by mark, so that a quantity can be followed back to what was reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering.usage import Dimensions, Reading, plus
from billing_sdk.server.domain.periods import wall_clock

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DayOfUsage:
    """One day's part of a quantity; it is below zero where a total was reported that is less than the one before."""

    day: date
    readings: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class RollUp:
    """What the readings of a stretch of time add up to; the quantities of the days come to `total`.

    Attributes:
        readings: how many there are.
        totals_reported: how many of them report a total in place of what was used.
        first_at: when the first one counts; None where there is none.
        last_at: when the last one counts.
        by_day: days without readings are left out.
        by_dimension: what is marked, by its marks; what is not is the rest.
    """

    readings: int = 0
    totals_reported: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    total: Decimal = ZERO
    by_day: tuple[DayOfUsage, ...] = ()
    by_dimension: tuple[tuple[Dimensions, Decimal], ...] = ()


def roll_up(readings: Iterable[Reading], *, zone: str) -> RollUp:
    """Add readings up.

    Args:
        readings: in the order in which they count: by `counted_at`, then `recorded_at`, then id.
        zone: where days begin.
    """
    found = _Running()
    for reading in readings:
        found.count(reading, wall_clock(reading.counted_at, zone).date())
    return RollUp(
        readings=found.readings,
        totals_reported=found.totals_reported,
        first_at=found.first_at,
        last_at=found.last_at,
        total=found.total,
        by_day=tuple(DayOfUsage(day, *counted) for day, counted in sorted(found.days.items())),
        by_dimension=tuple(sorted(found.marked.items())),
    )


@dataclass(slots=True)
class _Running:
    readings: int = 0
    totals_reported: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    total: Decimal = ZERO
    days: dict[date, tuple[int, Decimal]] = field(default_factory=dict)
    marked: dict[Dimensions, Decimal] = field(default_factory=dict)

    def count(self, reading: Reading, day: date) -> None:
        before = self.total
        if reading.kind == "absolute":
            self.total = reading.value
            self.totals_reported += 1
            self.marked.clear()  # a total that is reported begins anew, unmarked
        else:
            self.total = plus(self.total, reading.value)
            if reading.dimensions:
                self.marked[reading.dimensions] = plus(self.marked.get(reading.dimensions, ZERO), reading.value)
        readings, quantity = self.days.get(day, (0, ZERO))
        self.days[day] = (readings + 1, plus(quantity, EXACT.subtract(self.total, before)))
        self.readings += 1
        self.first_at = self.first_at or reading.counted_at
        self.last_at = reading.counted_at
