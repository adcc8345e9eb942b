"""Counting events in: the rows that they become, and what they change in the hours; once for each of very many."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering import Dimensions, MeasuredEvent, Meter
from billing_sdk.server.storage.usage_stores.documents import ENCODER
from billing_sdk.server.storage.usage_stores.instants import EPOCH, HOUR, MICROSECOND
from billing_sdk.server.storage.usage_stores.recalled import SubjectHour
from billing_sdk.server.storage.usage_stores.sums import FOLDS, HourKey, Sum
from billing_sdk.server.storage.usage_stores.writer import EventRow

# That of an event's content, which is made where it is asked for.
NO_FINGERPRINT = bytearray()


@dataclass(slots=True)
class Counted:
    """What events have changed.

    Attributes:
        changed: the sums with them.
        fresh: those of `changed` that were not recalled, without what may be stored of them.
        values: what unique counts have seen.
        said: where a total is said.
    """

    changed: dict[HourKey, Sum] = field(default_factory=dict)
    fresh: dict[HourKey, Sum] = field(default_factory=dict)
    values: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    said: set[SubjectHour] = field(default_factory=set)

    def leave_out(self, hours: Collection[SubjectHour]) -> None:
        """Leave out all that is in some hours of subjects."""
        self.changed = {key: found for key, found in self.changed.items() if key[:3] not in hours}
        self.fresh = {key: found for key, found in self.fresh.items() if key[:3] not in hours}
        self.values = [value for value in self.values if value[:3] not in hours]


def rows_of(events: Sequence[MeasuredEvent], first: int, numbers: Mapping[str, int]) -> list[EventRow]:
    """Return the rows of events, with `EVENT_COLUMNS`.

    Args:
        events: what arrived.
        first: the number of the first of them; the others follow.
        numbers: of names.

    Raises:
        KeyError: a name has no number.
    """
    rows: list[EventRow] = []
    add, encode = rows.append, ENCODER.encode
    counted: datetime | None = None
    arrived: datetime | None = None
    counted_at = arrived_at = hour = 0
    for number, (event, _) in enumerate(events, first):
        source, id_, type_, subject, used, at, recorded, data, kind, is_timed, fingerprint = event
        if at != counted:
            counted, counted_at = at, (at - EPOCH) // MICROSECOND
            hour = counted_at // HOUR
        if recorded is not arrived:  # which those are that were sent together
            arrived, arrived_at = recorded, (recorded - EPOCH) // MICROSECOND
        add(
            (
                number,
                numbers[source],
                id_,
                numbers[type_],
                numbers[subject],
                hour,
                counted_at,
                counted_at if used is at else (used - EPOCH) // MICROSECOND,
                arrived_at,
                1 if kind == "absolute" else 0,
                1 if is_timed else 0,
                fingerprint or NO_FINGERPRINT,
                encode(data).decode(),
            )
        )
    return rows


def count_in(
    new: Sequence[MeasuredEvent],
    rows: Sequence[EventRow],
    *,
    meters: Collection[Meter],
    numbers: Mapping[str, int],
    dimensions: Mapping[Dimensions, int],
    recalled: Mapping[HourKey, Sum],
) -> Counted:
    """Count events in where their hours are recalled, and else beside what is stored.

    Args:
        new: the events.
        rows: their rows.
        meters: all that have read anything.
        numbers: of names.
        dimensions: their numbers.
        recalled: hours as they are stored; they are changed.
    """
    found = Counted()
    changed, fresh = found.changed, found.fresh
    folds = {meter.id: (numbers[meter.id], FOLDS[meter.aggregation]) for meter in meters}
    with localcontext(EXACT):
        for (event, measured), row in zip(new, rows, strict=True):
            _, _, _, _, subject_no, hour, at, _, _, is_absolute, _, _, _ = row
            for meter_id, value, text, marks in measured:
                meter_no, fold = folds[meter_id]
                key = (meter_no, hour, subject_no, dimensions[marks])
                one = changed.get(key)
                if one is None:
                    one = recalled.get(key)
                    if one is None:
                        one = fresh[key] = Sum(at, at)
                    changed[key] = one
                if at > one.last_at:
                    one.last_at = at
                elif at < one.first_at:
                    one.first_at = at
                one.count += 1
                if value is not None:
                    fold(one, value, event, row)
                    if is_absolute:
                        found.said.add((meter_no, hour, subject_no))
                elif text is not None:
                    found.values.append((*key, text))
    return found
