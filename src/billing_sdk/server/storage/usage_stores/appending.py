"""Recording events: the key decides, and the event and what its hours come to go with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from secrets import randbits
from typing import Any

from billing_sdk.server.domain.metering import Aggregation, MeasuredEvent, Meter, Outcome, Recorded
from billing_sdk.server.storage.usage_stores.documents import ENCODER
from billing_sdk.server.storage.usage_stores.instants import EPOCH, HOUR, MICROSECOND
from billing_sdk.server.storage.usage_stores.names import Names
from billing_sdk.server.storage.usage_stores.reading import Reading
from billing_sdk.server.storage.usage_stores.recalled import RecalledHours, SubjectHour
from billing_sdk.server.storage.usage_stores.recounting import Recounting
from billing_sdk.server.storage.usage_stores.sums import FOLDS, HourKey, Sum, row_of, sum_in, values_of
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

    def _add(
        self, new: Sequence[tuple[int, MeasuredEvent]], numbers: Mapping[str, int], meters: Collection[Meter]
    ) -> None:
        """Add events and count them in; there is one pass, because there are so many of them."""
        folds = {meter.id: (numbers[meter.id], FOLDS[meter.aggregation]) for meter in meters}
        dimensions = self._names.find_or_add_dimensions({one.dimensions for _, event in new for one in event.measured})
        recalled = self._recalled.sums
        rows: list[tuple[Any, ...]] = []
        changed: dict[HourKey, Sum] = {}
        fresh: dict[HourKey, Sum] = {}
        values: list[tuple[int, int, int, int, str]] = []
        said: set[SubjectHour] = set()
        encode = ENCODER.encode
        for number, (event, measured) in new:
            source, id_, type_, subject, used, counted, recorded, data, kind, fingerprint = event
            at = (counted - EPOCH) // MICROSECOND
            time = at if used is counted else (used - EPOCH) // MICROSECOND
            recorded_at = at if recorded is counted else (recorded - EPOCH) // MICROSECOND
            hour = at // HOUR
            subject_no = numbers[subject]
            rows.append(
                (
                    number,
                    numbers[source],
                    id_,
                    numbers[type_],
                    subject_no,
                    hour,
                    at,
                    time,
                    recorded_at,
                    kind == "absolute",
                    fingerprint,
                    encode(data).decode(),
                )
            )
            for meter_id, value, text, dims in measured:
                meter_no, fold = folds[meter_id]
                key = (meter_no, hour, subject_no, dimensions[dims])
                found = recalled.get(key) or fresh.get(key)
                if found is None:
                    found = fresh[key] = Sum(at, at)
                elif at < found.first_at:
                    found.first_at = at
                elif at > found.last_at:
                    found.last_at = at
                found.count += 1
                changed[key] = found
                if value is not None:
                    fold(found, value, (at, recorded_at, source, id_))
                    if kind == "absolute":
                        said.add((meter_no, hour, subject_no))
                elif text is not None:
                    values.append((*key, text))
        self._writer.add_events(rows)
        anew = self._counted_anew(changed, said)
        if anew:
            # What was folded into these hours is not what they come to.
            changed = {key: found for key, found in changed.items() if key[:3] not in anew}
            fresh = {key: found for key, found in fresh.items() if key[:3] not in anew}
            values = [value for value in values if value[:3] not in anew]
        aggregations = {numbers[meter.id]: meter.aggregation for meter in meters}
        self._complete(fresh, aggregations)
        self._save(changed, aggregations)
        if values:
            self._writer.add_values(sorted(values))
        if anew:
            by_number = {numbers[meter.id]: meter for meter in meters}
            for hour_of_subject in sorted(anew):
                self._recounting.recount(by_number[hour_of_subject[0]], hour_of_subject)
            self._recalled.forget()

    def _counted_anew(self, changed: Collection[HourKey], said: set[SubjectHour]) -> set[SubjectHour]:
        """Return in which of the hours that change a total is said."""
        resets = self._recalled.resets
        hours = {key[1] for key in changed}
        if missing := hours - resets.keys():
            resets.update({hour: set() for hour in missing})
            for reset in self._reading.resets(missing):
                resets[reset[1]].add(reset)
        known = said.union(*(resets[hour] for hour in hours))
        return known and {key[:3] for key in changed} & known

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
