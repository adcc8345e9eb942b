"""Events as a meter reads them, and what queries about them come to, without any store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing_sdk.server.domain.metering import (
    Aggregation,
    Folding,
    HourOfUsage,
    Measured,
    Place,
    UsageEvent,
    UsageQuery,
    by_series,
    hour_of,
    hours_of,
    parted,
    parted_events,
)

Found = tuple[UsageEvent, Measured]


def instant(text: str) -> datetime:
    """Return the instant that a text names, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def used(
    at: datetime | str, value: str | None = "1", *, subject: str = "ada", text: str | None = None, **dimensions: str
) -> Found:
    """Return an event of usage, and what the meter reads in it."""
    time = instant(at) if isinstance(at, str) else at
    event = UsageEvent("app", f"{subject} {time.isoformat()} {value}", "t", subject, time, time, time, {}, "delta", b"")
    number = None if value is None or text is not None else Decimal(value)
    return event, Measured("meter_1", number, text, tuple(sorted(dimensions.items())))


def said(at: str, total: str, *, subject: str = "ada") -> Found:
    """Return an event that says what the total is."""
    event, measured = used(at, total, subject=subject)
    return event._replace(kind="absolute"), measured


def rolled_up(found: Iterable[Found]) -> tuple[HourOfUsage, ...]:
    """Return the hours that a store would keep of events."""
    return hours_of(
        (event.subject, Place(event.counted_at, event.recorded_at, event.source, event.id), measured,
         event.kind == "absolute")
        for event, measured in found
    )  # fmt: skip


def ask(
    query: UsageQuery,
    found: Iterable[Found],
    *,
    aggregation: Aggregation = "sum",
    customers: Mapping[str, str] | None = None,
    stretch: timedelta = timedelta(days=7),
) -> list[tuple[str, str, tuple[str | None, ...], str]]:
    """Answer a query from roll-ups by stretches of time, and return its rows as text.

    Events are looked at for cut hours alone.
    """
    found = list(found)
    hours = rolled_up(found)
    folding = Folding(query, aggregation)
    start = query.hours.start
    before = [HourOfUsage(series, start, bucket) for series, bucket in
              by_series(one for one in hours if one.hour < start).items()]  # fmt: skip
    folding.begin_at(before, customers or {})
    while start < query.window.end:
        end = start + stretch
        pieces = parted(query, [one for one in hours if start <= one.hour < end])
        folding.take(pieces.by_window)
        for run in pieces.runs():
            read = [one for one in found if run.window.contains(one[0].counted_at) and one[0].subject in run.subjects]
            folding.take(parted_events(query, pieces.cut, read))
        folding.close(end, customers or {})
        start = end
    return [
        (row.window.start.isoformat(), row.window.end.isoformat(), row.group, f"{row.value:f}")
        for row in folding.rows()
    ]


def hours_with_usage(found: Iterable[Found]) -> set[datetime]:
    """Return the hours in which events count."""
    return {hour_of(event.counted_at) for event, _ in found}
