"""Recording events: the key decides, and the event and what its hours come to go with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from secrets import randbits
from typing import Any

from billing_sdk.server.domain.metering import Aggregation, MeasuredEvent, Meter, Outcome, Recorded
from billing_sdk.server.storage.usage_stores.counting import Counted, New, count_in, rows_of
from billing_sdk.server.storage.usage_stores.names import Names
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recalled import RecalledHours, SubjectHour
from billing_sdk.server.storage.usage_stores.recounting import Recounting
from billing_sdk.server.storage.usage_stores.sums import HourKey, Sum, row_of, sum_in, values_of
from billing_sdk.server.storage.usage_stores.writer import Key, Writer


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
        number, last_token = self._writer.take_places(len(events), token)
        self._recalled.begin(last_token)
        numbers = self._names.find_or_add(
            {one.source for one, _ in events}
            | {one.type for one, _ in events}
            | {one.subject for one, _ in events}
            | {meter.id for meter in meters}
        )
        rows = [(numbers[one.source], one.id, place) for place, (one, _) in enumerate(events, number)]
        keys = [row[:2] for row in rows]
        first = dict(zip(reversed(keys), range(number + len(keys) - 1, number - 1, -1), strict=True))
        is_plain = len(first) == len(keys)
        taken = self._writer.add_keys(rows if is_plain else [row for row in rows if first[row[:2]] == row[2]])
        new = list(enumerate(events, number))
        if taken or not is_plain:
            new = [one for one, key in zip(new, keys, strict=True) if key not in taken and first[key] == one[0]]
        if new:
            self._add(new, numbers, meters)
        self._recalled.end(token)
        if len(new) == len(events):
            return _accepted(events)
        return self._answers(events, keys, {key: events[place - number] for key, place in first.items()}, taken)

    def _answers(
        self,
        events: Sequence[MeasuredEvent],
        keys: Sequence[Key],
        first: Mapping[Key, MeasuredEvent],
        taken: Mapping[Key, int],
    ) -> list[Recorded]:
        stored = self._reading.first_answers(taken.values())
        answers = []
        for one, key in zip(events, keys, strict=True):
            if key in taken:
                fingerprint, recorded_at = stored[taken[key]]
            else:
                fingerprint, recorded_at = first[key].event.fingerprint, first[key].event.recorded_at
            outcome: Outcome = "duplicate" if one.event.fingerprint == fingerprint else "conflict"
            answers.append(Recorded("accepted" if key not in taken and first[key] is one else outcome, recorded_at))
        return answers

    def _add(self, new: Sequence[New], numbers: Mapping[str, int], meters: Collection[Meter]) -> None:
        rows = rows_of(new, numbers)
        found = count_in(
            new,
            rows,
            meters=meters,
            numbers=numbers,
            dimensions=self._names.find_or_add_dimensions(
                {one.dimensions for _, event in new for one in event.measured}
            ),
            recalled=self._recalled.sums,
        )
        self._writer.add_events(rows)
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
