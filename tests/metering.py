"""Meters and events for tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from billing_sdk.server.domain.metering import (
    Aggregation,
    HourOfUsage,
    Measured,
    MeasuredEvent,
    Meter,
    Place,
    ReadingKind,
    StoredEvent,
    UsageEvent,
    hours_of,
)

DAY = datetime(2026, 1, 31, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)


def meter(aggregation: Aggregation = "sum", **settings: Any) -> Meter:
    """Return a meter of `tokens` that reads `$.value`."""
    values: dict[str, Any] = {
        "id": f"meter_{aggregation}",
        "key": f"tokens_{aggregation}",
        "name": "Tokens",
        "event_type": "tokens",
        "aggregation": aggregation,
        "created_at": DAY,
        "value_path": None if aggregation == "count" else "$.value",
        "dimensions": (("model", "$.model"),),
    }
    return Meter(**{**values, **settings})


def event(
    id: str,  # noqa: A002 - the attribute's name in CloudEvents
    value: Any = 1,
    *,
    at: datetime = NOON,
    subject: str = "customer_1",
    source: str = "app",
    type: str = "tokens",  # noqa: A002 - as above
    kind: ReadingKind = "delta",
    recorded_at: datetime = NOON,
    **data: Any,
) -> UsageEvent:
    """Return an event that says how many tokens somebody has used."""
    content = {"value": value, **data}
    return UsageEvent(source, id, type, subject, at, at, recorded_at, content, kind)


def measured(events: Collection[UsageEvent], meters: Sequence[Meter]) -> list[MeasuredEvent]:
    """Return events with what meters read in them."""
    return [MeasuredEvent(one, tuple(_read(one.type, one.data, meters))) for one in events]


def recount(stored: Collection[StoredEvent], by: Meter) -> tuple[HourOfUsage, ...]:
    """Return what a meter's roll-ups have to be equal to: the sums of the events as they stand."""
    return hours_of(
        (one.event.subject, _place(one.event), reading, one.event.kind == "absolute")
        for one in stored
        if not one.is_cancelled
        for reading in _read(one.event.type, one.event.data, [by])
    )


def _read(type_: str, data: Mapping[str, Any], meters: Sequence[Meter]) -> list[Measured]:
    readings = (one.measure(data) for one in meters if one.event_type == type_)
    return [reading for reading in readings if reading is not None]


def _place(one: UsageEvent) -> Place:
    return Place(one.counted_at, one.recorded_at, one.source, one.id)
