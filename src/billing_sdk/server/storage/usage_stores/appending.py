"""Recording events: the key decides, and the event and what its hours come to go with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from secrets import randbits
from typing import Any

from billing_sdk.server.domain.metering import Aggregation, MeasuredEvent, Meter, Outcome, Recorded
from billing_sdk.server.storage.usage_stores.counting import Counted, count_in, rows_of
from billing_sdk.server.storage.usage_stores.documents import fingerprint_of
from billing_sdk.server.storage.usage_stores.names import Names
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recalled import RecalledHours, SubjectHour
from billing_sdk.server.storage.usage_stores.recounting import Recounting
from billing_sdk.server.storage.usage_stores.sums import HourKey, Sum, row_of, sum_in, values_of
from billing_sdk.server.storage.usage_stores.writer import EventRow, Writer

# So many events at most are looked through for those of a subject in an hour.
INDEXED_AT_ONCE = 10_000


class Appending:
    """Appends one batch; whoever does is alone with it."""

    def __init__(
        self, writer: Writer, names: Names, reading: Reading, recounting: Recounting, recalled: RecalledHours
    ) -> None:
        self._writer = writer
        self._names = names
        self._reading = reading
        self._recounting = recounting
        self._recalled = recalled

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:
        """Record events, each once for ever; the answers are in their order."""
        token = randbits(63)
        places = self._writer.take_places(len(events), token)
        self._recalled.begin(places.token)
        rows = self._rows(events, places.first)
        taken = self._writer.add_events(rows)
        new = [place for place, row in enumerate(rows) if row[0] not in taken] if taken else ()
        if new:
            self._add([events[place] for place in new], [rows[place] for place in new], meters)
        elif not taken:
            self._add(events, rows, meters)
        if places.last - places.indexed >= INDEXED_AT_ONCE:
            self._writer.index(places.indexed, places.last)
        self._recalled.end(token)
        return self._answers(events, places.first, taken) if taken else _accepted(events)

    def _rows(self, events: Sequence[MeasuredEvent], first: int) -> list[EventRow]:
        try:
            return rows_of(events, first, self._names.known)
        except KeyError:
            names = {name for one, _ in events for name in (one.source, one.type, one.subject)}
            return rows_of(events, first, self._names.find_or_add(names))

    def _answers(self, events: Sequence[MeasuredEvent], first: int, taken: Mapping[int, int]) -> list[Recorded]:
        """Return the answers to events, the numbers of some of which are those of events before them."""
        stored = self._reading.first_answers({number for number in taken.values() if number < first})
        answers = []
        for place, (one, _) in enumerate(events, first):
            there = taken.get(place)
            if there is None:
                answers.append(Recorded("accepted", one.recorded_at))
                continue
            if there in stored:
                fingerprint, recorded_at = stored[there]
            else:
                earlier = events[there - first].event
                fingerprint, recorded_at = fingerprint_of(earlier), earlier.recorded_at
            outcome: Outcome = "duplicate" if fingerprint_of(one) == fingerprint else "conflict"
            answers.append(Recorded(outcome, recorded_at))
        return answers

    def _add(self, new: Sequence[MeasuredEvent], rows: Sequence[EventRow], meters: Collection[Meter]) -> None:
        numbers = self._names.find_or_add({meter.id for meter in meters})
        dimensions = self._names.find_or_add_dimensions({one[3] for _, measured in new for one in measured})
        found = count_in(new, rows, meters=meters, numbers=numbers, dimensions=dimensions, recalled=self._recalled.sums)
        if anew := self._counted_anew(found):
            found.leave_out(anew)  # what was added to them is not what they come to
        aggregations = {numbers[meter.id]: meter.aggregation for meter in meters}
        self._complete(found.fresh, aggregations)
        self._save(found.changed, aggregations)
        if found.values:
            self._writer.add_values(sorted(found.values))
        if anew:
            by_number = {numbers[meter.id]: meter for meter in meters}
            for hour in sorted(anew):
                self._recounting.recount(by_number[hour[0]], hour)
            self._recalled.forget()

    def _counted_anew(self, found: Counted) -> set[SubjectHour]:
        """Return in which of the hours that change a total is said."""
        resets = self._recalled.resets
        hours = {key[1] for key in found.changed}
        if missing := hours - resets.keys():
            resets.update({hour: set() for hour in missing})
            for reset in self._reading.resets(missing):
                resets[reset[1]].add(reset)
        known = found.said.union(*(resets[hour] for hour in hours))
        return known and {key[:3] for key in found.changed} & known

    def _complete(self, fresh: dict[HourKey, Sum], aggregations: Mapping[int, Aggregation]) -> None:
        """Add to sums that are not recalled what is stored of them, and recall them from now on."""
        if fresh:
            for row in self._writer.find_hours(fresh):
                key, before = sum_in(row, aggregations[row[1]])
                fresh[key].join(before)
            self._recalled.sums.update(fresh)

    def _save(self, changed: Mapping[HourKey, Sum], aggregations: Mapping[int, Aggregation]) -> None:
        added: list[tuple[Any, ...]] = []
        updated: list[tuple[Any, ...]] = []
        # In one order, which on disk is that of the rows.
        for key, found in changed.items() if len(changed) == 1 else sorted(changed.items(), key=_place_of):
            aggregation = aggregations[key[0]]
            if found.number is None:
                found.number = self._next_hour()
                added.append(row_of(key, found.number, found, aggregation))
            else:
                updated.append((*values_of(found, aggregation), found.number))
        if added:
            self._writer.add_hours(added)
        if updated:
            self._writer.update_hours(updated)

    def _next_hour(self) -> int:
        last = self._recalled.last_hour
        self._recalled.last_hour = (self._writer.last_hour() if last is None else last) + 1
        return self._recalled.last_hour


def _place_of(one: tuple[HourKey, Sum]) -> tuple[int, HourKey]:
    return one[1].number or 0, one[0]


def _accepted(events: Sequence[MeasuredEvent]) -> list[Recorded]:
    """Return the answers to events that are all new; those that arrived together share one."""
    answers = []
    answer = Recorded("accepted", events[0].event.recorded_at)
    for one, _ in events:
        if one.recorded_at is not answer.recorded_at:
            answer = Recorded("accepted", one.recorded_at)
        answers.append(answer)
    return answers
