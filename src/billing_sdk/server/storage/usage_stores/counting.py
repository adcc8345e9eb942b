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

# An event that is new, with its number.
New = tuple[int, MeasuredEvent]
Row = tuple[int, int, str, int, int, int, int, int, int, bool, bytes, str]


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


def rows_of(new: Sequence[New], numbers: Mapping[str, int]) -> list[Row]:
    """Return the rows of events, with `EVENT_COLUMNS`."""
    rows: list[Row] = []
    encode = ENCODER.encode
    arrived: datetime | None = None
    arrived_at = 0
    for number, (event, _) in new:
        source, id_, type_, subject, used, counted, recorded, data, kind, fingerprint = event
        counted_at = (counted - EPOCH) // MICROSECOND
        used_at = counted_at if used is counted else (used - EPOCH) // MICROSECOND
        if recorded is not arrived:  # which those are that were sent together
            arrived, arrived_at = recorded, (recorded - EPOCH) // MICROSECOND
        rows.append(
            (
                number,
                numbers[source],
                id_,
                numbers[type_],
                numbers[subject],
                counted_at // HOUR,
                counted_at,
                used_at,
                arrived_at,
                kind == "absolute",
                fingerprint,
                encode(data).decode(),
            )
        )
    return rows


def count_in(
    new: Sequence[New],
    rows: Sequence[Row],
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
        for (_, (event, measured)), row in zip(new, rows, strict=True):
            _, _, id_, _, subject_no, hour, at, _, recorded_at, is_absolute, _, _ = row
            for meter_id, value, text, marks in measured:
                meter_no, fold = folds[meter_id]
                key = (meter_no, hour, subject_no, dimensions[marks])
                one = recalled.get(key) or fresh.get(key)
                if one is None:
                    one = fresh[key] = Sum(at, at)
                elif at > one.last_at:
                    one.last_at = at
                elif at < one.first_at:
                    one.first_at = at
                one.count += 1
                changed[key] = one
                if value is not None:
                    fold(one, value, (at, recorded_at, event.source, id_))
                    if is_absolute:
                        found.said.add((meter_no, hour, subject_no))
                elif text is not None:
                    found.values.append((*key, text))
    return found
