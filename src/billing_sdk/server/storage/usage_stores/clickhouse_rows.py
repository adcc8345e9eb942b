"""Usage as rows of ClickHouse, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from billing_sdk.money import EXACT
from billing_sdk.server.domain.metering import (
    Bucket,
    Correction,
    Dimensions,
    HourOfUsage,
    Measured,
    MeasuredEvent,
    Place,
    ReadingKind,
    Series,
    StoredEvent,
    UsageEvent,
)
from billing_sdk.server.storage.usage_stores.documents import data_in, fingerprint_of, text_of_data
from billing_sdk.server.storage.usage_stores.instants import HOUR, instant_of, micros_of

ENCODER = msgspec.json.Encoder()


class EventRow(NamedTuple):
    """One row of the table of events, in the order of its columns."""

    number: int
    is_first: bool
    source: str
    id: str
    type: str
    subject: str
    time: int
    counted_at: int
    recorded_at: int
    hour: int
    data: str
    is_reset: bool
    fingerprint: bytes
    meter_id: str
    value: Decimal | None
    text: str | None
    dimensions: str


class CorrectionRow(NamedTuple):
    """One row of the table of corrections, in the order of its columns.

    Attributes:
        measured: by meter, what it reads in the event since; meters that are not in it were made later.
    """

    number: int
    event_number: int
    source: str
    id: str
    type: str
    subject: str
    counted_at: int
    recorded_at: int
    hour: int
    is_reset: bool
    data: str | None
    reason: str
    actor: str
    at: int
    measured: str


NOT_COUNTED = Measured("", None, None, ())


@lru_cache(maxsize=4_096)
def text_of_dimensions(dimensions: Dimensions) -> str:
    """Return dimensions as the text that rows are grouped by."""
    return ENCODER.encode(dimensions).decode() if dimensions else ""


@lru_cache(maxsize=4_096)
def dimensions_of(text: str) -> Dimensions:
    """Return the dimensions of a text."""
    return tuple((name, value) for name, value in msgspec.json.decode(text)) if text else ()


def rows_of(measured: MeasuredEvent, number: int) -> Iterable[EventRow]:
    """Yield the rows of an event: one for each meter that counts it, and one where none does."""
    event = measured.event
    counted_at = micros_of(event.counted_at)
    for place, reading in enumerate(measured.measured or (NOT_COUNTED,)):
        yield EventRow(
            number=number,
            is_first=place == 0,
            source=event.source,
            id=event.id,
            type=event.type,
            subject=event.subject,
            time=micros_of(event.time),
            counted_at=counted_at,
            recorded_at=micros_of(event.recorded_at),
            hour=counted_at // HOUR,
            data=text_of_data(event.data) if place == 0 else "",
            is_reset=event.kind == "absolute",
            fingerprint=fingerprint_of(event),
            meter_id=reading.meter_id,
            value=reading.value,
            text=reading.text,
            dimensions=text_of_dimensions(reading.dimensions),
        )


def event_of(row: EventRow) -> UsageEvent:
    """Return the event that the first of its rows carries."""
    kind: ReadingKind = "absolute" if row.is_reset else "delta"
    return UsageEvent(
        source=row.source,
        id=row.id,
        type=row.type,
        subject=row.subject,
        time=instant_of(row.time),
        counted_at=instant_of(row.counted_at),
        recorded_at=instant_of(row.recorded_at),
        data=data_in(row.data),
        kind=kind,
        fingerprint=row.fingerprint,
    )


def stored_of(row: EventRow, corrections: Sequence[CorrectionRow]) -> StoredEvent:
    """Return an event as it stands after its corrections, of which the oldest is the first."""
    event = event_of(row)
    if not corrections:
        return StoredEvent(row.number, event)
    data = next((one.data for one in reversed(corrections) if one.data is not None), None)
    return StoredEvent(
        row.number,
        event if data is None else event._replace(data=data_in(data)),
        is_cancelled=corrections[-1].data is None,
        corrections=tuple(correction_of(one) for one in corrections),
        first_data=None if data is None else event.data,
    )


def correction_of(row: CorrectionRow) -> Correction:
    """Return the correction of a row."""
    data = None if row.data is None else data_in(row.data)
    return Correction(row.source, row.id, data, row.reason, row.actor, instant_of(row.at))


def measured_text(readings: Mapping[str, Measured | None]) -> str:
    """Return what meters read in an amended event as text; a meter that counts it no more has null."""
    return ENCODER.encode(
        {
            meter_id: one and (one.value if one.value is None else f"{one.value:f}", one.text, one.dimensions)
            for meter_id, one in readings.items()
        }
    ).decode()


def measured_of(text: str) -> dict[str, Measured | None]:
    """Return what meters read in an amended event."""
    return {
        meter_id: one
        and Measured(meter_id, None if one[0] is None else Decimal(one[0]), one[1], tuple((k, v) for k, v in one[2]))
        for meter_id, one in msgspec.json.decode(text).items()
    }


def place_of(row: EventRow | CorrectionRow) -> Place:
    """Return where the event of a row stands among all others."""
    return Place(instant_of(row.counted_at), instant_of(row.recorded_at), row.source, row.id)


def reading_of(row: EventRow) -> Measured:
    """Return what the meter of a row reads in its event."""
    return Measured(row.meter_id, plain(row.value), row.text, dimensions_of(row.dimensions))


def plain(value: Decimal | None) -> Decimal | None:
    """Return a number without the zeros that fill a column's decimals."""
    if value is None:
        return None
    short = value.normalize(EXACT)
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1), context=EXACT)  # type: ignore[operator]


def hour_of_usage(row: Mapping[str, Any]) -> HourOfUsage:
    """Return the roll-up of a row: subject, hour, dimensions, and those aggregates that were asked for."""
    bucket = Bucket(
        first_at=instant_of(row["first_at"]),
        last_at=instant_of(row["last_at"]),
        count=row["count"],
        total=plain(row.get("total")) or Decimal(0),
        moment=EXACT.scaleb(plain(row.get("moment")) or Decimal(0), -6),
        minimum=plain(row.get("minimum")),
        maximum=plain(row.get("maximum")),
        latest=_latest(*row["latest"]) if "latest" in row else None,
        values=frozenset(row.get("values", ())),
        is_reset=bool(row["is_reset"]),
    )
    return HourOfUsage(Series(row["subject"], dimensions_of(row["dimensions"])), instant_of(row["hour"] * HOUR), bucket)


def _latest(
    counted_at: int, recorded_at: int, source: str, id_: str, value: Decimal | None
) -> tuple[Place, Decimal] | None:
    found = plain(value)
    return None if found is None else (Place(instant_of(counted_at), instant_of(recorded_at), source, id_), found)
