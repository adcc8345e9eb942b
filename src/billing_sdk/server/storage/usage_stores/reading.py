"""Reading usage: events as they stand, hours, and what has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, exists, func, select

from billing_sdk.server.domain.metering import (
    EVERYBODY,
    Correction,
    HourOfUsage,
    Meter,
    Series,
    StoredEvent,
    UsageEvent,
    by_series,
    hour_of,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.tables.usage import (
    usage_corrections,
    usage_events,
    usage_hours,
    usage_keys,
    usage_places,
    usage_values,
)
from billing_sdk.server.storage.usage_stores.by_hour import HOURS_WITH_EVENTS, counted_in
from billing_sdk.server.storage.usage_stores.documents import data_in, fingerprint_of
from billing_sdk.server.storage.usage_stores.instants import HOUR, hours_between, instant_of, micros_of
from billing_sdk.server.storage.usage_stores.names import Names, dimensions_of, parts_of
from billing_sdk.server.storage.usage_stores.protocol import Change
from billing_sdk.server.storage.usage_stores.sums import HourKey, Sum, bucket_of_sum, sum_in
from billing_sdk.server.storage.usage_stores.writer import HOUR_COLUMNS

AT_A_TIME = 1_000
MOST_SEEKS = 20_000
FEW = 100
LONG = timedelta(days=100)
EVENTS = select(usage_events).order_by(usage_events.c.number)
SAYS_TOTALS = select(usage_hours.c.hour).where(usage_hours.c.is_reset)
HOURS = select(*(usage_hours.c[name] for name in HOUR_COLUMNS))


class Reading:
    """Reads in the transaction of a connection."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    def find(self, source: str, id_: str) -> StoredEvent | None:
        """Return an event as it stands."""
        numbers = self._names.find({source})
        if source not in numbers:
            return None
        key = select(usage_keys.c.number).where(usage_keys.c.source_no == numbers[source], usage_keys.c.id == id_)
        number = self._connection.execute(key).scalar_one_or_none()
        if number is None:
            return None
        rows = self._connection.execute(select(usage_events).where(usage_events.c.number == number)).all()
        return next(self._stored(rows))

    def first_answers(self, numbers: Collection[int]) -> dict[int, tuple[bytes, datetime]]:
        """Return the fingerprints of events, and when they were recorded."""
        found: dict[int, tuple[bytes, datetime]] = {}
        for some in parts_of(sorted(numbers)):
            rows = self._connection.execute(select(usage_events).where(usage_events.c.number.in_(some))).all()
            for one in self._stored(rows):
                found[one.number] = fingerprint_of(one.event), one.event.recorded_at
        return found

    def resets(self, hours: Collection[int]) -> set[tuple[int, int, int]]:
        """Return for which meters, hours and subjects a total is said in some hours."""
        columns = (usage_hours.c.meter_no, usage_hours.c.hour, usage_hours.c.subject_no)
        query = select(*columns).where(usage_hours.c.is_reset)
        return {
            (meter_no, hour, subject_no)
            for some in parts_of(sorted(hours))
            for meter_no, hour, subject_no in self._connection.execute(query.where(usage_hours.c.hour.in_(some)))
        }

    def hours(self, meter: Meter, window: Period, subjects: Collection[str] | None) -> list[HourOfUsage]:
        """Return the buckets of a meter in every hour that overlaps a window."""
        first, last = hours_between(window.start, window.end)
        return self._hours(meter, HOURS.where(usage_hours.c.hour.between(first, last)), subjects, first, last)

    def hours_together(
        self, meter: Meter, window: Period, subjects: Collection[str] | None
    ) -> list[HourOfUsage] | None:
        """Return the same with all subjects side by side, one bucket for each hour and dimensions, of nobody."""
        meter_no = self._names.find({meter.id}).get(meter.id)
        if meter_no is None:
            return []
        first, last = self._with_usage(meter_no, *hours_between(window.start, window.end))
        if first > last:  # nothing was used in the window
            return []
        # Not by the meter's index, which leads to all of its hours: those in which totals are said are few.
        of_meter = (usage_hours.c.meter_no + 0 == meter_no, usage_hours.c.hour.between(first, last))
        if self._connection.execute(select(exists(SAYS_TOTALS.where(*of_meter)))).scalar_one():
            return None
        numbers = None if subjects is None else sorted(_those(self._names, subjects))
        # Day by day, so that everybody's hours are never all at hand.
        at_once = last + 1 - first if numbers is not None and len(numbers) <= FEW else 24
        sums: dict[tuple[int, int], Sum] = {}
        for start in range(first, last + 1, at_once):
            hours = usage_hours.c.hour.between(start, min(start + at_once - 1, last))
            query = HOURS.where(hours, usage_hours.c.meter_no == meter_no)
            for some in [None] if numbers is None else parts_of(numbers):
                of_some = query if some is None else query.where(usage_hours.c.subject_no.in_(some))
                for row in self._connection.execute(of_some).all():
                    (_, hour, _, dimensions_no), found = sum_in(row, meter.aggregation)
                    known = sums.setdefault((hour, dimensions_no), found)
                    if known is not found:
                        known.join(found)
        names = self._names.names_of({dimensions_no for _, dimensions_no in sums})
        return [
            HourOfUsage(
                Series(EVERYBODY, dimensions_of(names[dimensions_no])), instant_of(hour * HOUR), bucket_of_sum(found)
            )
            for (hour, dimensions_no), found in sums.items()
        ]

    def _with_usage(self, meter_no: int, first: int, last: int) -> tuple[int, int]:
        """Return the first and the last hour of a stretch in which a meter has any usage; an empty one without."""
        hours = select(usage_hours.c.hour).where(
            usage_hours.c.meter_no == meter_no, usage_hours.c.hour.between(first, last)
        )
        ends = (hours.order_by(usage_hours.c.hour).limit(1), hours.order_by(usage_hours.c.hour.desc()).limit(1))
        since, until = (self._connection.execute(end).scalar() for end in ends)
        return (first, first - 1) if since is None or until is None else (since, until)

    def before(self, meter: Meter, at: datetime, subjects: Collection[str] | None) -> list[HourOfUsage]:
        """Return what all hours that ended by an instant come to; they all stand in the last of them."""
        last = micros_of(at) // HOUR - 1
        found = self._hours(meter, HOURS.where(usage_hours.c.hour <= last), subjects, None, last)
        hour = hour_of(at) - timedelta(hours=1)
        return [HourOfUsage(series, hour, bucket) for series, bucket in by_series(found).items()]

    def events(
        self,
        window: Period | None,
        types: Collection[str] | None,
        subjects: Collection[str] | None,
        after: int,
        limit: int | None,
    ) -> Iterator[StoredEvent]:
        """Yield events as they stand, in the order of their arrival."""
        query = EVENTS
        if window is not None:
            query = query.where(
                usage_events.c.counted_at >= micros_of(window.start), usage_events.c.counted_at < micros_of(window.end)
            )
        if types is not None:
            query = query.where(usage_events.c.type_no.in_(_those(self._names, types)))
        if subjects is None:
            yield from self._paged(query, after, limit)
            return
        numbers = self._numbers(window, sorted(_those(self._names, subjects)), after)
        left = len(numbers) if limit is None else limit
        for some in parts_of(numbers):
            rows = self._rows(query.where(usage_events.c.number.in_(some)).limit(left))
            yield from self._stored(rows)
            left -= len(rows)
            if not left:
                return

    def _paged(self, query: Select[Any], after: int, limit: int | None) -> Iterator[StoredEvent]:
        """Yield events page by page: what reads for long needs no transaction for it."""
        while limit is None or limit > 0:
            size = AT_A_TIME if limit is None else min(AT_A_TIME, limit)
            rows = self._rows(query.where(usage_events.c.number > after).limit(size))
            yield from self._stored(rows)
            if len(rows) < size:
                return
            after = rows[-1].number
            limit = None if limit is None else limit - size

    def _numbers(self, window: Period | None, subject_numbers: Sequence[int], after: int) -> list[int]:
        """Return the numbers of subjects' events after one, in the hours that overlap a window, in their order.

        The index leads to a subject in one hour, so hour by hour is quicker than all that anybody used in between.
        """
        found: list[int] = []
        hours = self.hours_with_events(window)
        for some in parts_of(subject_numbers):
            if len(hours) * len(some) > MOST_SEEKS:
                of_all_hours = select(usage_events.c.number).where(
                    usage_events.c.number > after, usage_events.c.subject_no.in_(some)
                )
                found += self._connection.execute(of_all_hours).scalars()
                continue
            for few in parts_of(hours):
                found += self._connection.execute(counted_in(few, some, after)).scalars()
        return sorted(found)

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(query).all()

    def events_of_hour(self, hour: int, type_: str, *, subject_no: int | None = None) -> Iterator[StoredEvent]:
        """Yield the events of a type that count in an hour, of one subject or of all."""
        query = select(usage_events).where(
            usage_events.c.counted_at >= hour * HOUR,
            usage_events.c.counted_at < (hour + 1) * HOUR,
            usage_events.c.type_no.in_(_those(self._names, {type_})),
        )
        numbers = counted_in([hour], None if subject_no is None else [subject_no])
        at_a_time = self._connection.execute(numbers.execution_options(yield_per=AT_A_TIME)).scalars().partitions()
        for some in at_a_time:
            yield from self._stored(self._rows(query.where(usage_events.c.number.in_(some))))

    def hours_with_events(self, window: Period | None = None) -> Sequence[int]:
        """Return the hours in which anything may count, in their order."""
        if window is not None and window.end - window.start < LONG:
            first, last = hours_between(window.start, window.end)
            return range(first, last + 1)
        first, last = (1 - (1 << 31), (1 << 31) - 1) if window is None else hours_between(window.start, window.end)
        return sorted(self._connection.execute(HOURS_WITH_EVENTS, {"first": first, "last": last}).scalars())

    def changes(self, after: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """Return what has changed since a place, and the place that was reached."""
        last = self.newest()
        found: dict[tuple[int, int, int], int] = {}
        upto = after
        while not found and upto < last:
            after, upto = upto, min(upto + limit, last)
            for query in (_changed(after, upto), _corrected(after, upto)):
                for *numbers, since in self._connection.execute(query):
                    key = (numbers[0], numbers[1], numbers[2])
                    found[key] = min(since, found.get(key, since))
        names = self._names.names_of({number for key in found for number in key})
        changes = [
            Change(names[type_no], names[subject_no], instant_of(since), names[source_no])
            for (type_no, subject_no, source_no), since in found.items()
        ]
        return tuple(sorted(changes)), upto

    def corrected(self) -> Iterator[StoredEvent]:
        """Yield the events that were corrected, in the order of their arrival."""
        query = select(usage_corrections.c.event_number).distinct().order_by(usage_corrections.c.event_number)
        for some in parts_of(self._connection.execute(query).scalars().all()):
            yield from self._stored(self._rows(EVENTS.where(usage_events.c.number.in_(some))))

    def count(self) -> int:
        """Return how many events there are."""
        return self._connection.execute(select(func.count()).select_from(usage_events)).scalar_one()

    def newest(self) -> int:
        """Return the last place in the order of arrival that was taken."""
        place: int = self._connection.execute(select(usage_places.c.place)).scalar_one()
        return place

    def data_of(self, stored: StoredEvent) -> Iterator[tuple[Table, int, str]]:
        """Yield where the data of an event and of its corrections stands: table, number, and the text itself."""
        events = select(usage_events.c.number, usage_events.c.data).where(usage_events.c.number == stored.number)
        corrections = select(usage_corrections.c.number, usage_corrections.c.data).where(
            usage_corrections.c.event_number == stored.number, usage_corrections.c.data.is_not(None)
        )
        for table, query in ((usage_events, events), (usage_corrections, corrections)):
            for number, text in self._connection.execute(query).all():
                yield table, number, text

    def _hours(
        self, meter: Meter, query: Select[Any], subjects: Collection[str] | None, first: int | None, last: int
    ) -> list[HourOfUsage]:
        meter_no = self._names.find({meter.id}).get(meter.id)
        if meter_no is None:
            return []
        query = query.where(usage_hours.c.meter_no == meter_no)
        numbers = None if subjects is None else sorted(_those(self._names, subjects))
        sums: dict[HourKey, Sum] = {}
        for some in [None] if numbers is None else parts_of(numbers):
            of_some = query if some is None else query.where(usage_hours.c.subject_no.in_(some))
            rows = self._connection.execute(of_some).all()
            sums.update(sum_in(row, meter.aggregation) for row in rows)
        if meter.aggregation == "unique_count":
            self._read_values(meter_no, sums, first, last)
        whose = {key[2:] for key in sums}
        names = self._names.names_of({number for numbers_of_one in whose for number in numbers_of_one})
        series = {(subject, marks): Series(names[subject], dimensions_of(names[marks])) for subject, marks in whose}
        return [
            HourOfUsage(series[key[2:]], instant_of(key[1] * HOUR), bucket_of_sum(found))
            for key, found in sorted(sums.items(), key=lambda one: one[0])
        ]

    def _read_values(self, meter_no: int, sums: dict[HourKey, Sum], first: int | None, last: int) -> None:
        query = select(usage_values).where(usage_values.c.meter_no == meter_no, usage_values.c.hour <= last)
        if first is not None:
            query = query.where(usage_values.c.hour >= first)
        for some in parts_of(sorted({key[2] for key in sums})):
            for *series, value in self._connection.execute(query.where(usage_values.c.subject_no.in_(some))):
                sums[series[0], series[1], series[2], series[3]].values.add(value)

    def _stored(self, rows: Sequence[Row[Any]]) -> Iterator[StoredEvent]:
        names = self._names.names_of(
            {number for row in rows for number in (row.source_no, row.type_no, row.subject_no)}
        )
        corrections = self._corrections({row.number: (names[row.source_no], row.id) for row in rows})
        for row in rows:
            trail = corrections.get(row.number, ())
            text: dict[str, Any] = data_in(row.data)
            newest = [one.data for one in trail if one.data is not None]
            event = UsageEvent(
                source=names[row.source_no],
                id=row.id,
                type=names[row.type_no],
                subject=names[row.subject_no],
                time=instant_of(row.time),
                counted_at=instant_of(row.counted_at),
                recorded_at=instant_of(row.recorded_at),
                data=text,
                kind="absolute" if row.is_absolute else "delta",
                is_timed=bool(row.is_timed),
                fingerprint=row.fingerprint or None,
            )
            event = event._replace(data=newest[-1] if newest else text, fingerprint=fingerprint_of(event))
            yield StoredEvent(
                row.number,
                event,
                is_cancelled=any(one.data is None for one in trail[-1:]),
                corrections=tuple(trail),
                first_data=text if newest else None,
            )

    def _corrections(self, keys: dict[int, tuple[str, str]]) -> dict[int, list[Correction]]:
        found: dict[int, list[Correction]] = {}
        if not keys:
            return found
        query = (
            select(usage_corrections)
            .where(usage_corrections.c.event_number.between(min(keys), max(keys)))
            .order_by(usage_corrections.c.number)
        )
        for row in self._connection.execute(query).all():
            if row.event_number in keys:
                data = None if row.data is None else data_in(row.data)
                source, id_ = keys[row.event_number]
                one = Correction(source, id_, data, row.reason, row.actor, instant_of(row.at))
                found.setdefault(row.event_number, []).append(one)
        return found


def _those(names: Names, wanted: Collection[str]) -> list[int]:
    """Return the numbers of those names that have one."""
    found = names.find(set(wanted))
    return [found[name] for name in set(wanted) if name in found]


def _changed(after: int, upto: int) -> Select[Any]:
    whose = (usage_events.c.type_no, usage_events.c.subject_no, usage_events.c.source_no)
    return (
        select(*whose, func.min(usage_events.c.counted_at))
        .where(usage_events.c.number > after, usage_events.c.number <= upto)
        .group_by(*whose)
    )


def _corrected(after: int, upto: int) -> Select[Any]:
    return (
        select(usage_events.c.type_no, usage_events.c.subject_no, usage_events.c.source_no, usage_events.c.counted_at)
        .join(usage_corrections, usage_corrections.c.event_number == usage_events.c.number)
        .where(usage_corrections.c.number > after, usage_corrections.c.number <= upto)
    )
