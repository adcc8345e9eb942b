"""What events add up to: by day and by mark, so that a quantity can be followed back to what was reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import reduce

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering.boundaries import Counted
from billing_sdk.server.domain.metering.bucket import Bucket, bucket_of, joined, value_of
from billing_sdk.server.domain.metering.meter import Aggregation
from billing_sdk.server.domain.metering.usage import Dimensions, plus
from billing_sdk.server.domain.metering.valuation import ADDITIVE, Valued
from billing_sdk.server.domain.periods import Period, wall_clock

ZERO = Decimal(0)
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DayOfUsage:
    """One day's part of a quantity; it is below zero where a total was reported that is less than the one before."""

    day: date
    readings: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class RollUp:
    """What the events of a stretch of time add up to.

    The quantities of the days come to `total` where the meter adds up or counts; where it puts values together in
    another way each day has the value that it has by itself, and of a weighted sum by how much its level has changed.

    Attributes:
        aggregation: how the meter puts values together.
        readings: how many there are.
        totals_reported: how many of them report a total in place of what was used.
        first_at: when the first one counts; None where there is none.
        last_at: when the last one counts.
        by_day: days without events are left out.
        by_dimension: what is marked, by its marks; what is not is the rest, where the meter adds up.
    """

    aggregation: Aggregation = "sum"
    readings: int = 0
    totals_reported: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    total: Decimal = ZERO
    by_day: tuple[DayOfUsage, ...] = ()
    by_dimension: tuple[tuple[Dimensions, Decimal], ...] = ()


def roll_up(found: Iterable[Counted], aggregation: Aggregation, *, zone: str, value: Valued | None = None) -> RollUp:
    """Add events up.

    Args:
        found: what a meter has read in them; in any order.
        aggregation: how the meter puts values together.
        zone: where days begin.
        value: what they come to all in all, where that is known; of what does not add up it has to be.
    """
    running = _Running(adds_up=aggregation in ADDITIVE)
    events = sorted(found, key=lambda one: one.place)
    for event in events:
        running.count(event, wall_clock(event.place.counted_at, zone).date())
    total, marked = value or Valued(running.total, tuple(sorted(running.marked.items())))
    return RollUp(
        aggregation=aggregation,
        readings=len(events),
        totals_reported=sum(event.is_total for event in events),
        first_at=events[0].place.counted_at if events else None,
        last_at=events[-1].place.counted_at if events else None,
        total=total,
        by_day=tuple(DayOfUsage(day, *of_day) for day, of_day in sorted(running.by_day(aggregation).items())),
        by_dimension=marked,
    )


@dataclass(slots=True)
class _Running:
    adds_up: bool
    totals: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    days: dict[date, tuple[int, Decimal]] = field(default_factory=dict)
    buckets: dict[date, Bucket] = field(default_factory=dict)
    by_subject: defaultdict[str, dict[Dimensions, Decimal]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def total(self) -> Decimal:
        return reduce(plus, self.totals.values(), ZERO)

    @property
    def marked(self) -> dict[Dimensions, Decimal]:
        found: dict[Dimensions, Decimal] = {}
        for marked in self.by_subject.values():
            for marks, quantity in marked.items():
                found[marks] = plus(found.get(marks, ZERO), quantity)
        return found

    def count(self, event: Counted, day: date) -> None:
        subject, place, measured, is_total = event
        before, marked = self.totals[subject], self.by_subject[subject]
        value = ONE if measured.value is None else measured.value
        if is_total:
            self.totals[subject] = value
            marked.clear()  # a total that is reported begins anew, unmarked
        else:
            self.totals[subject] = plus(before, value)
            if measured.dimensions:
                marked[measured.dimensions] = plus(marked.get(measured.dimensions, ZERO), value)
        events, quantity = self.days.get(day, (0, ZERO))
        self.days[day] = (events + 1, plus(quantity, EXACT.subtract(self.totals[subject], before)))
        if not self.adds_up:
            bucket = bucket_of(place, measured)
            self.buckets[day] = joined(self.buckets[day], bucket) if day in self.buckets else bucket

    def by_day(self, aggregation: Aggregation) -> dict[date, tuple[int, Decimal]]:
        if self.adds_up:
            return self.days
        return {
            day: (events, value_of(bucket, aggregation, Period(bucket.first_at, bucket.last_at)))
            for (day, (events, _)), bucket in zip(self.days.items(), self.buckets.values(), strict=True)
        }
