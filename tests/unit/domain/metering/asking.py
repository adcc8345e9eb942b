"""Events, and what queries about them come to, without any store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from billing_sdk.server.domain.metering import (
    Aggregation,
    Folding,
    HourOfUsage,
    Meter,
    StoredEvent,
    UsageEvent,
    UsageQuery,
    by_series,
    parted,
    parted_events,
    recount,
)

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def meter(aggregation: Aggregation) -> Meter:
    """Return a meter that reads the events of `used`."""
    path = None if aggregation == "count" else "$.value"
    return Meter("meter_1", "m", "M", "t", aggregation, MADE_AT, path, dimensions=(("*", "$.marks"),))


def instant(text: str) -> datetime:
    """Return the instant that a text names, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def used(at: datetime | str, value: str = "1", *, subject: str = "ada", **marks: str) -> StoredEvent:
    """Return an event of usage."""
    time = instant(at) if isinstance(at, str) else at
    key = f"{subject} {time.isoformat()} {value}"
    data = {"value": value, "marks": marks}
    return StoredEvent(1, UsageEvent("app", key, "t", subject, time, time, time, data, "delta"))


def said(at: str, total: str) -> StoredEvent:
    """Return an event that says what the total is."""
    stored = used(at, total)
    return stored._replace(event=stored.event._replace(kind="absolute"))


def ask(
    query: UsageQuery,
    found: Iterable[StoredEvent],
    *,
    aggregation: Aggregation = "sum",
    customers: Mapping[str, str] | None = None,
    stretch: timedelta = timedelta(days=7),
) -> list[tuple[str, str, tuple[str | None, ...], str]]:
    """Answer a query from roll-ups by stretches of time, and return its rows as text.

    Events are looked at for cut hours alone.
    """
    found = list(found)
    hours = recount(meter(aggregation), found)
    folding = Folding(query, aggregation)
    start = query.hours.start
    earlier = by_series(one for one in hours if one.hour < start)
    folding.begin_at([HourOfUsage(series, start, bucket) for series, bucket in earlier.items()], customers or {})
    while start < query.window.end:
        end = start + stretch
        pieces = parted(query, [one for one in hours if start <= one.hour < end])
        folding.take(pieces.by_window)
        for run in pieces.runs():
            read = [one for one in found if run.window.contains(one.event.counted_at)]
            folding.take(parted_events(query, meter(aggregation), pieces.cut, read))
        folding.close(end, customers or {})
        start = end
    return [
        (row.window.start.isoformat(), row.window.end.isoformat(), row.group, f"{row.value:f}")
        for row in folding.rows()
    ]
