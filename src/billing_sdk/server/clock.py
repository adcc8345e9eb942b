"""The time, as a thing that is handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC `datetime`."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False  # pytest, this is not a test class

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the instant that the clock was last moved to."""
        return self._at

    def advance(self, **units: float) -> datetime:
        """Move forward by a `timedelta`'s units, such as `days=30`, and return the new instant."""
        self._at += timedelta(**units)
        return self._at
