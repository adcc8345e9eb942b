"""One transaction of usage in ClickHouse.

What it records is held back until its end, and then inserted at once; what it reads meanwhile counts it already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from billing_sdk.errors import InvalidQuantity, InvalidRequest, NotFound
from billing_sdk.server.domain.metering import (
    Correction,
    HourOfUsage,
    Measured,
    MeasuredEvent,
    Meter,
    Outcome,
    Place,
    Recorded,
    StoredEvent,
    by_series,
    essential,
    hours_of,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores.clickhouse_queries import Asked, Queries
from billing_sdk.server.storage.usage_stores.clickhouse_rows import (
    CorrectionRow,
    EventRow,
    measured_of,
    measured_text,
    place_of,
    reading_of,
    rows_of,
    stored_of,
    text_of_dimensions,
)
from billing_sdk.server.storage.usage_stores.clickhouse_schema import CORRECTIONS, EVENTS
from billing_sdk.server.storage.usage_stores.documents import data_in, fingerprint_of, text_of_data
from billing_sdk.server.storage.usage_stores.instants import HOUR, hours_between, instant_of, micros_of
from billing_sdk.server.storage.usage_stores.protocol import Change
from billing_sdk.server.storage.usage_stores.turns import Turn

AT_ONCE = 50_000
LAST_HOUR = 2**31 - 1


class ClickHouseUsageLog:
    """Events and their roll-ups, in one transaction.

    Args:
        queries: asks ClickHouse.
        turn: makes everybody else who would append wait.
    """

    def __init__(self, queries: Queries, turn: Turn) -> None:
        self._queries = queries
        self._turn = turn
        self._held = ExitStack()
        self._last: int | None = None
        self._new_rows: list[EventRow] = []
        self._new_keys: dict[tuple[str, str], EventRow] = {}
        self._new_corrections: list[CorrectionRow] = []

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:  # noqa: ARG002 - hours are counted when they are asked for
        """Record events; `UsageLog` says how."""
        if not events:
            return []
        numbers = self._numbers(len(events), max(one.event.recorded_at for one in events))
        known = self._known({(one.event.source, one.event.id) for one in events})
        answers = []
        for number, measured in zip(numbers, events, strict=True):
            event = measured.event
            key = (event.source, event.id)
            if (first := known.get(key)) is None:
                rows = list(rows_of(measured, number))
                known[key] = self._new_keys[key] = rows[0]
                self._new_rows += rows
                answers.append(Recorded("accepted", event.recorded_at))
            else:
                outcome: Outcome = "duplicate" if first.fingerprint == fingerprint_of(event) else "conflict"
                answers.append(Recorded(outcome, instant_of(first.recorded_at)))
        return answers

    def correct(self, correction: Correction, meters: Collection[Meter]) -> StoredEvent:
        """Cancel or amend an event; `UsageLog` says how."""
        [number] = self._numbers(1, correction.at)
        row = self._row(correction.source, correction.id)
        if row is None:
            raise NotFound(f"there is no event {correction.id[:80]} of {correction.source[:80]}")
        data = correction.data
        readings = {meter.id: None if data is None else _measured(meter, data) for meter in meters}
        self._new_corrections.append(
            CorrectionRow(
                number=number,
                event_number=row.number,
                source=row.source,
                id=row.id,
                type=row.type,
                subject=row.subject,
                counted_at=row.counted_at,
                recorded_at=row.recorded_at,
                hour=row.hour,
                is_reset=row.is_reset,
                data=None if data is None else text_of_data(data),
                reason=correction.reason,
                actor=correction.actor,
                at=micros_of(correction.at),
                measured=measured_text(readings),
            )
        )
        return self._stored([row])[0]

    def find(self, source: str, id: str) -> StoredEvent | None:  # noqa: A002 - the attribute's name in CloudEvents
        """Return an event as it stands."""
        row = self._row(source, id)
        return None if row is None else self._stored([row])[0]

    def hours(self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return the roll-ups of a meter; `UsageLog` says which."""
        asked = Asked((meter.event_type,), subjects, hours=hours_between(window.start, window.end))
        return self._as_they_stand(meter, asked, self._queries.hours(meter, asked))

    def folded(self, meter: Meter, window: Period, subjects: Mapping[str, Period]) -> list[HourOfUsage]:
        """Return the roll-ups of a meter; the server has put each hour together already."""
        return self.hours(meter, window, subjects=subjects)

    def look_ahead(self, meters: Collection[Meter], since: datetime, subjects: Collection[str]) -> None:
        """Do nothing: each question goes to the store by itself."""

    def hours_together(
        self, meter: Meter, window: Period, *, subjects: Collection[str] | None = None
    ) -> list[HourOfUsage] | None:
        """Return None: what was corrected here is known of single subjects alone."""

    def before(self, meter: Meter, at: datetime, *, subjects: Collection[str] | None = None) -> list[HourOfUsage]:
        """Return what all hours that ended by an instant come to; they all stand in the last of them."""
        last = micros_of(at) // HOUR - 1
        asked = Asked((meter.event_type,), subjects, hours=(-LAST_HOUR, last))
        sums = self._queries.sums(meter, asked)
        # Where something was corrected, or a total was said, only the hours tell.
        unsure = {one.series.subject for one in sums if one.bucket.is_reset}
        unsure |= {one.subject for one in self._corrections(asked)} | {
            one.subject for one in self._pending(meter, asked)
        }
        found = {one.series: one.bucket for one in sums if one.series.subject not in unsure}
        if unsure:
            of_unsure = asked._replace(subjects=unsure)
            found |= by_series(self._as_they_stand(meter, of_unsure, self._queries.hours(meter, of_unsure)))
        return [HourOfUsage(series, instant_of(last * HOUR), bucket) for series, bucket in found.items()]

    def events(
        self,
        window: Period | None = None,
        *,
        types: Collection[str] | None = None,
        subjects: Collection[str] | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[StoredEvent]:
        """Yield events as they stand; `UsageLog` says which."""
        instants = None if window is None else (micros_of(window.start), micros_of(window.end))
        asked = Asked(types, subjects, instants=instants)
        left = limit
        while left is None or left > 0:
            page = AT_ONCE if left is None else min(left, AT_ONCE)
            rows = self._queries.events(asked, after=after, limit=page)
            is_last = len(rows) < page
            if is_last:
                new = [row for row in self._new_rows if row.is_first and row.number > after and _is_asked(row, asked)]
                rows = (rows + new)[:page]
            yield from self._stored(rows)
            if is_last:
                return
            after = rows[-1].number
            left = None if left is None else left - len(rows)

    def changes(self, *, after: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """Return what has changed since a place; `UsageLog` says how."""
        pending: list[EventRow | CorrectionRow] = [row for row in self._new_rows if row.is_first]
        pending += self._new_corrections
        new = [(row.number, row.type, row.subject, row.counted_at, row.source) for row in pending]
        old = self._queries.changes(after=after, limit=limit)
        rows = [*old, *sorted(row for row in new if row[0] > after)][:limit]
        since: dict[tuple[str, str, str], int] = {}
        for _, type_, subject, counted_at, source in rows:
            key = (type_, subject, source)
            since[key] = min(counted_at, since.get(key, counted_at))
        changes = [Change(type_, subject, instant_of(at), source) for (type_, subject, source), at in since.items()]
        return tuple(sorted(changes)), rows[-1][0] if rows else after

    def corrected(self) -> Iterator[StoredEvent]:
        """Yield the events that were corrected, in the order of their arrival."""
        numbers = sorted(self._by_event(Asked()))
        new = {row.number: row for row in self._new_rows if row.is_first}
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            rows = self._queries.events_at([number for number in some if number not in new]) | new
            yield from self._stored([rows[number] for number in some])

    def count(self) -> int:
        """Return how many events there are."""
        return self._queries.count() + sum(row.is_first for row in self._new_rows)

    def newest(self) -> int:
        """Return the last place in the order of arrival that was taken."""
        return self._queries.newest() if self._last is None else self._last

    def roll_up_again(self, meter: Meter) -> int:
        """Count the events that a meter has not counted yet, and return how many it counts.

        What it counts is inserted at once, month by month of arrival: what was interrupted goes on when it is asked for
        again.
        """
        self._be_alone()
        asked = Asked((meter.event_type,))
        corrections = self._by_event(asked)
        counted, after = 0, 0
        while rows := self._queries.events(asked, after=after, limit=AT_ONCE):
            after = rows[-1].number
            there = self._queries.counted(meter.id, meter.event_type, rows[0].number, after)
            missing: dict[int, list[EventRow]] = defaultdict(list)
            for row in rows:
                of_event = corrections.get(row.number, [])
                is_known, reading = _amended(meter, of_event)
                if not is_known and row.number not in there:
                    reading = _measured(meter, stored_of(row, of_event).event.data)
                    if reading is not None:
                        missing[_month_of(row.number)].append(_another(row, reading))
                counted += reading is not None or (not is_known and row.number in there)
            for of_month in missing.values():
                self._queries.insert(EVENTS, of_month)
        return counted

    def forget(self, subjects: Collection[str], meters: Collection[Meter]) -> int:
        """Take what no meter reads out of the data of subjects' events; `UsageLog` says how."""
        self._be_alone()
        reading: dict[str, list[Meter]] = defaultdict(list)
        for meter in meters:
            reading[meter.event_type].append(meter)
        asked = Asked(subjects=subjects)
        changed, after = 0, 0
        while rows := self._queries.events(asked, after=after, limit=AT_ONCE):
            after = rows[-1].number
            changed += self._queries.put_data(EVENTS, _shortened(rows, reading))
        return changed + self._queries.put_data(CORRECTIONS, _shortened(self._queries.corrections(asked), reading))

    def commit(self) -> None:
        """Insert what was recorded."""
        if self._new_rows:
            self._queries.insert(EVENTS, self._new_rows)
        if self._new_corrections:
            self._queries.insert(CORRECTIONS, self._new_corrections)

    def end(self) -> None:
        """Let others append."""
        self._held.close()

    def _be_alone(self) -> int:
        """Wait until nobody else appends, and return the highest place in the order of arrival."""
        if self._last is None:
            self._held.enter_context(self._turn())
            self._last = self._queries.newest()
        return self._last

    def _numbers(self, count: int, at: datetime) -> range:
        """Return places in the order of arrival, after all others and in one month: that of an instant, or later."""
        start = max(self._be_alone() + 1, micros_of(at))
        if self._new_rows or self._new_corrections:
            start = self._be_alone() + 1
        elif _month_of(start) != _month_of(start + count):
            start = _next_month(start)
        self._last = start + count - 1
        return range(start, start + count)

    def _known(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], EventRow]:
        known = {key: self._new_keys[key] for key in keys if key in self._new_keys}
        numbers = self._queries.numbers_of(key for key in keys if key not in known)
        rows = self._queries.events_at(numbers.values()) if numbers else {}
        return known | {key: rows[number] for key, number in numbers.items()}

    def _row(self, source: str, id_: str) -> EventRow | None:
        return self._known([(source, id_)]).get((source, id_))

    def _stored(self, rows: Sequence[EventRow]) -> list[StoredEvent]:
        if not rows:
            return []
        times = [row.counted_at for row in rows]
        corrections = self._by_event(Asked({row.type for row in rows}, instants=(min(times), max(times) + 1)))
        return [stored_of(row, corrections.get(row.number, ())) for row in rows]

    def _corrections(self, asked: Asked) -> list[CorrectionRow]:
        return self._queries.corrections(asked) + [row for row in self._new_corrections if _is_asked(row, asked)]

    def _by_event(self, asked: Asked) -> dict[int, list[CorrectionRow]]:
        found: dict[int, list[CorrectionRow]] = defaultdict(list)
        for row in self._corrections(asked):
            found[row.event_number].append(row)
        return found

    def _pending(self, meter: Meter, asked: Asked) -> list[EventRow]:
        return [row for row in self._new_rows if row.meter_id == meter.id and _is_asked(row, asked)]

    def _as_they_stand(self, meter: Meter, asked: Asked, found: list[HourOfUsage]) -> list[HourOfUsage]:
        """Return roll-ups with those hours counted again in which roll-ups don't tell all."""
        corrections = self._by_event(asked)
        pending = self._pending(meter, asked)
        unsure = {(one.series.subject, one.hour) for one in found if one.bucket.is_reset}
        unsure |= {(row.subject, instant_of(row.hour * HOUR)) for row in pending}
        unsure |= {(row.subject, instant_of(row.hour * HOUR)) for of_event in corrections.values() for row in of_event}
        if not unsure:
            return found
        places = {(subject, micros_of(hour) // HOUR) for subject, hour in unsure}
        readings = self._queries.readings(meter.id, (meter.event_type,), places) + pending
        sure = [one for one in found if (one.series.subject, one.hour) not in unsure]
        return sure + list(hours_of(_counted(meter, readings, corrections)))


def _counted(
    meter: Meter, rows: Iterable[EventRow], corrections: dict[int, list[CorrectionRow]]
) -> Iterator[tuple[str, Place, Measured, bool]]:
    """Yield what counts: what the events say, and in the place of those that were amended what they say now."""
    decided = set()
    for number, of_event in corrections.items():
        is_known, reading = _amended(meter, of_event)
        if is_known:
            decided.add(number)
            newest = of_event[-1]
            if reading is not None:
                yield newest.subject, place_of(newest), reading, newest.is_reset
    for row in rows:
        if row.number not in decided:
            yield row.subject, place_of(row), reading_of(row), row.is_reset


def _amended(meter: Meter, corrections: Sequence[CorrectionRow]) -> tuple[bool, Measured | None]:
    """Return whether the corrections of an event decide what a meter reads in it, and what that is."""
    if not corrections:
        return False, None
    newest = corrections[-1]
    readings = measured_of(newest.measured)
    return newest.data is None or meter.id in readings, readings.get(meter.id)


def _measured(meter: Meter, data: Mapping[str, Any]) -> Measured | None:
    try:
        return meter.measure(data)
    except (InvalidQuantity, InvalidRequest):
        return None  # what a meter can't read does not count


def _shortened(
    rows: Iterable[EventRow | CorrectionRow], reading: Mapping[str, Sequence[Meter]]
) -> list[tuple[int, str]]:
    """Return what is left of data of which a part goes, and where."""
    found = []
    for row in rows:
        if row.data is not None:
            left = text_of_data(essential(data_in(row.data), reading.get(row.type, ())))
            if left != row.data:
                found.append((row.number, left))
    return found


def _another(row: EventRow, reading: Measured) -> EventRow:
    return row._replace(
        is_first=False,
        data="",
        meter_id=reading.meter_id,
        value=reading.value,
        text=reading.text,
        dimensions=text_of_dimensions(reading.dimensions),
    )


def _is_asked(row: EventRow | CorrectionRow, asked: Asked) -> bool:
    return (
        (asked.types is None or row.type in asked.types)
        and (asked.subjects is None or row.subject in asked.subjects)
        and (asked.hours is None or asked.hours[0] <= row.hour <= asked.hours[1])
        and (asked.instants is None or asked.instants[0] <= row.counted_at < asked.instants[1])
    )


def _month_of(number: int) -> int:
    at = instant_of(number)
    return at.year * 12 + at.month


def _next_month(number: int) -> int:
    year, month = divmod(_month_of(number), 12)
    return micros_of(datetime(year, month + 1, 1, tzinfo=UTC))
