"""Fold the hours of a window as they are read: a month of usage is one bucket for each series, not seven hundred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering import Aggregation, Bucket, HourOfUsage, Meter, Series
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.tables.usage import usage_hours
from billing_sdk.server.storage.usage_stores.instants import HOUR, hours_between, instant_of, micros_of
from billing_sdk.server.storage.usage_stores.names import Names, dimensions_of, parts_of

# What these need of an hour can be read without any other column.
FOLDED: frozenset[Aggregation] = frozenset({"sum", "count"})
HOURS = select(
    usage_hours.c.subject_no,
    usage_hours.c.dimensions_no,
    usage_hours.c.hour,
    usage_hours.c.first_at,
    usage_hours.c.last_at,
    usage_hours.c.count,
    usage_hours.c.total,
    usage_hours.c.is_reset,
)


@dataclass(slots=True)
class _Stretch:
    hour: int
    first_at: int
    last_at: int
    count: int
    total: Decimal
    is_reset: bool

    def join(self, hour: int, first_at: int, last_at: int, count: int, total: Decimal) -> None:
        self.hour = min(self.hour, hour)
        self.first_at = min(self.first_at, first_at)
        self.last_at = max(self.last_at, last_at)
        self.count += count
        self.total = EXACT.add(self.total, total)

    @property
    def bucket(self) -> Bucket:
        first_at, last_at = instant_of(self.first_at), instant_of(self.last_at)
        return Bucket(first_at, last_at, self.count, total=self.total, is_reset=self.is_reset)


def folded(
    connection: Connection, names: Names, meter: Meter, window: Period, subjects: Mapping[str, Period]
) -> list[HourOfUsage]:
    """Return the hours of a meter that adds up or counts; those in a subject's stretch of time as one for each series.

    An hour that a boundary goes through stands by itself, and so do all hours of a subject that a total is said of.
    """
    known = names.find({meter.id, *subjects})
    whole = {known[subject]: _whole_hours(stretch) for subject, stretch in subjects.items() if subject in known}
    numbers = sorted(whole)
    if meter.id not in known or not numbers:
        return []
    first, last = hours_between(window.start, window.end)
    query = HOURS.where(usage_hours.c.meter_no == known[meter.id], usage_hours.c.hour.between(first, last))
    rows = [
        row for some in parts_of(numbers) for row in connection.execute(query.where(usage_hours.c.subject_no.in_(some)))
    ]
    apart = {row[0] for row in rows if row[7]}
    found: dict[tuple[int, int, int | None], _Stretch] = {}
    for subject, dims, hour, first_at, last_at, count, total, is_reset in rows:
        start, end = whole[subject]
        key = subject, dims, None if start <= hour < end and subject not in apart else hour
        if key in found:
            found[key].join(hour, first_at, last_at, count, Decimal(total))
        else:
            found[key] = _Stretch(hour, first_at, last_at, count, Decimal(total), bool(is_reset))
    called = names.names_of({number for key in found for number in key[:2]})
    return [
        HourOfUsage(Series(called[key[0]], dimensions_of(called[key[1]])), instant_of(one.hour * HOUR), one.bucket)
        for key, one in found.items()
    ]


def _whole_hours(stretch: Period) -> tuple[int, int]:
    """Return the first hour that lies in a stretch of time, and the one after the last."""
    return -(-micros_of(stretch.start) // HOUR), micros_of(stretch.end) // HOUR
