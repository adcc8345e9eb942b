"""A stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `start`, included, to `end`, excluded."""

    start: datetime
    end: datetime

    def contains(self, at: datetime) -> bool:
        """Tell whether an instant lies in the period."""
        return self.start <= at < self.end

    def within(self, other: Period) -> Period | None:
        """Return the part of the period that lies in another one, if there is any."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def split(self, at: datetime) -> tuple[Period, ...]:
        """Return what lies before an instant and what lies after it; the whole where the instant is not inside."""
        if not self.start < at < self.end:
            return (self,)
        return Period(self.start, at), Period(at, self.end)
