"""Fold the hours of a window as they are read: a month of usage is one bucket for each series, not seven hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Ahead:
    """The hours of some meters and subjects from one hour on, read at once.

    Attributes:
        first: the hour.
        asked: the meters' ids, and the subjects.
        numbers: of those of them that have one.
        rows: by the numbers of meter and subject.
    """

    first: int
    asked: frozenset[str]
    numbers: Mapping[str, int]
    rows: Mapping[tuple[int, int], Sequence[Sequence[Any]]]

    def covers(self, meter: Meter, window: Period, subjects: Collection[str]) -> bool:
        """Tell whether the hours of a window are among them."""
        return hours_between(window.start, window.end)[0] >= self.first and self.asked.issuperset((meter.id, *subjects))


def read_ahead(
    connection: Connection, names: Names, meters: Collection[Meter], since: datetime, subjects: Collection[str]
) -> Ahead:
    """Read the hours of meters that add up or count with one query."""
    asked = frozenset((*(meter.id for meter in meters), *subjects))
    known = names.find(asked)
    numbers = {name: known[name] for name in asked if name in known}
    first, _ = hours_between(since, since)
    of_meters = sorted({numbers[meter.id] for meter in meters if meter.id in numbers})
    query = HOURS.add_columns(usage_hours.c.meter_no).where(
        usage_hours.c.meter_no.in_(of_meters), usage_hours.c.hour >= first
    )
    rows: defaultdict[tuple[int, int], list[Sequence[Any]]] = defaultdict(list)
    for some in parts_of(sorted({numbers[subject] for subject in subjects if subject in numbers})):
        for *row, meter_no in connection.execute(query.where(usage_hours.c.subject_no.in_(some))):
            rows[meter_no, row[0]].append(row)
    return Ahead(first, asked, numbers, rows)


def folded(
    connection: Connection,
    names: Names,
    meter: Meter,
    window: Period,
    subjects: Mapping[str, Period],
    ahead: Ahead | None = None,
) -> list[HourOfUsage]:
    """Return the hours of a meter that adds up or counts; those in a subject's stretch of time as one for each series.

    An hour that a boundary goes through stands by itself, and so do all hours of a subject that a total is said of.
    """
    known = names.find({meter.id, *subjects}) if ahead is None else ahead.numbers
    whole = {known[subject]: _whole_hours(stretch) for subject, stretch in subjects.items() if subject in known}
    numbers = sorted(whole)
    if meter.id not in known or not numbers:
        return []
    first, last = hours_between(window.start, window.end)
    rows: list[Sequence[Any]]
    if ahead is None:
        query = HOURS.where(usage_hours.c.meter_no == known[meter.id], usage_hours.c.hour.between(first, last))
        of_some = (query.where(usage_hours.c.subject_no.in_(some)) for some in parts_of(numbers))
        rows = [row for each in of_some for row in connection.execute(each)]
    else:
        of_meter = (ahead.rows.get((known[meter.id], number), ()) for number in numbers)
        rows = [row for of_subject in of_meter for row in of_subject if first <= row[2] <= last]
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
