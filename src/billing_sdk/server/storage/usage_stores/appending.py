"""Recording events: the key decides, and the event and what its hours come to go with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from billing_sdk.server.domain.metering import MeasuredEvent, Meter, Outcome, Recorded
from billing_sdk.server.storage.usage_stores.documents import text_of_data
from billing_sdk.server.storage.usage_stores.instants import HOUR, micros_of
from billing_sdk.server.storage.usage_stores.names import Names, name_of
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recounting import Recounting, SubjectHour
from billing_sdk.server.storage.usage_stores.sums import HourKey, Sum, row_of, sum_in
from billing_sdk.server.storage.usage_stores.writer import Key, Writer


class _New(NamedTuple):
    """An event that nobody has recorded before."""

    number: int
    one: MeasuredEvent
    counted_at: int
    recorded_at: int


class Appending:
    """Appends one batch; whoever does is alone with it."""

    def __init__(self, writer: Writer, names: Names, reading: Reading, recounting: Recounting) -> None:
        self._writer = writer
        self._names = names
        self._reading = reading
        self._recounting = recounting

    def append(self, events: Sequence[MeasuredEvent], meters: Collection[Meter]) -> list[Recorded]:
        """Record events, each once for ever; the answers are in their order."""
        number = self._writer.take_places(len(events))
        numbers = self._names.find_or_add(_names_in(events))
        keys: list[Key] = [(numbers[one.event.source], one.event.id) for one in events]
        first: dict[Key, int] = {}
        for place, key in enumerate(keys):
            first.setdefault(key, place)
        taken = self._writer.add_keys([(*key, number + place) for key, place in first.items()])
        new = [
            _New(
                number + place, one := events[place], micros_of(one.event.counted_at), micros_of(one.event.recorded_at)
            )
            for key, place in first.items()
            if key not in taken
        ]
        if new:
            self._add(new, numbers, meters)
        if len(new) == len(events):
            return [Recorded("accepted", one.event.recorded_at) for one in events]
        return self._answers(events, keys, first, taken)

    def _answers(
        self, events: Sequence[MeasuredEvent], keys: Sequence[Key], first: Mapping[Key, int], taken: Mapping[Key, int]
    ) -> list[Recorded]:
        stored = self._reading.first_answers(taken.values())
        answers = []
        for place, (one, key) in enumerate(zip(events, keys, strict=True)):
            if key in taken:
                fingerprint, recorded_at = stored[taken[key]]
            else:
                original = events[first[key]].event
                fingerprint, recorded_at = original.fingerprint, original.recorded_at
            outcome: Outcome = "duplicate" if one.event.fingerprint == fingerprint else "conflict"
            is_new = key not in taken and first[key] == place
            answers.append(Recorded("accepted" if is_new else outcome, recorded_at))
        return answers

    def _add(self, new: Sequence[_New], numbers: Mapping[str, int], meters: Collection[Meter]) -> None:
        self._writer.add_events(
            [
                (
                    number,
                    numbers[one.event.source],
                    one.event.id,
                    numbers[one.event.type],
                    numbers[one.event.subject],
                    counted_at // HOUR,
                    counted_at,
                    micros_of(one.event.time),
                    recorded_at,
                    one.event.kind == "absolute",
                    one.event.fingerprint,
                    text_of_data(one.event.data),
                )
                for number, one, counted_at, recorded_at in new
            ]
        )
        sums, said = _summed(new, numbers)
        resets = said | self._reading.resets({key.hour for key in sums})
        touched = {SubjectHour(key.meter_no, key.hour, key.subject_no) for key in sums}
        anew = {hour for hour in touched if hour in resets}
        self._join({key: one for key, one in sums.items() if SubjectHour(*key[:3]) not in anew}, numbers)
        by_number = {numbers[meter.id]: meter for meter in meters if meter.id in numbers}
        for hour in sorted(anew):
            self._recounting.recount(by_number[hour.meter_no], hour)

    def _join(self, sums: Mapping[HourKey, Sum], numbers: Mapping[str, int]) -> None:
        rows = self._writer.find_hours(sums)
        sources = dict(numbers)
        names = self._names.names_of({row[-3] for row in rows} - {None})
        sources.update((name, number) for number, name in names.items())
        for row in rows:
            key, before = sum_in(row, names)
            sums[key].join(before)
        self._writer.save_hours([row_of(key, sums[key], sources) for key in sorted(sums)])
        self._writer.add_values([(*key, value) for key in sorted(sums) for value in sorted(sums[key].values)])


def _names_in(events: Sequence[MeasuredEvent]) -> Collection[str]:
    found: set[str] = set()
    for event, measured in events:
        found.update((event.source, event.type, event.subject))
        for one in measured:
            found.update((one.meter_id, name_of(one.dimensions)))
    return found


def _summed(new: Sequence[_New], numbers: Mapping[str, int]) -> tuple[dict[HourKey, Sum], set[SubjectHour]]:
    """Return what the events come to, and the hours in which one of them says a total."""
    sums: dict[HourKey, Sum] = {}
    said: set[SubjectHour] = set()
    for _, (event, measured), counted_at, recorded_at in new:
        place = (counted_at, recorded_at, event.source, event.id)
        for one in measured:
            meter_no = numbers[one.meter_id]
            key = HourKey(meter_no, counted_at // HOUR, numbers[event.subject], numbers[name_of(one.dimensions)])
            if (found := sums.get(key)) is None:
                found = sums[key] = Sum(counted_at, counted_at)
            found.count_in(place, one.value, one.text)
            if event.kind == "absolute" and one.value is not None:
                said.add(SubjectHour(*key[:3]))
    return sums, said
