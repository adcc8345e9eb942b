"""Instants as whole microseconds since 1970, and hours as whole hours since then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000


def micros_of(at: datetime) -> int:
    """Return the microseconds from 1970 to an instant."""
    return (at - EPOCH) // MICROSECOND


def instant_of(micros: int) -> datetime:
    """Return the instant that is so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=micros)


def hours_between(start: datetime, end: datetime) -> tuple[int, int]:
    """Return the first and the last hour that overlap the time from an instant to before another."""
    return micros_of(start) // HOUR, (micros_of(end) - 1) // HOUR
