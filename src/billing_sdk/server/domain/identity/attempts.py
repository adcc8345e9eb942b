"""Attempts to get in: how many are free, and how long to wait after them.

Source: OWASP ASVS 5.0, section 6.3.1; NIST SP 800-63B-4, section 3.2.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """How many attempts are free, and how the waiting grows: it doubles with each one that follows.

    Attributes:
        free: so many may follow each other at once.
        first_wait_seconds: how long to wait after these.
        longest_wait_seconds: the waiting stops growing here, so that nobody can be locked out for good by others.
            After as long without an attempt, all is forgotten.
    """

    free: int
    first_wait_seconds: int = 60
    longest_wait_seconds: int = 900

    def wait_after(self, count: int) -> timedelta | None:
        """Return how long to wait after so many attempts; None while they are free."""
        if count < self.free:
            return None
        doublings = min(count - self.free, 32)
        return timedelta(seconds=min(self.first_wait_seconds * 2**doublings, self.longest_wait_seconds))


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered of the attempts at one thing.

    Attributes:
        count: those that counted since the last long pause.
        last_at: when the last of them was made.
        blocked_until: no other one counts before.
    """

    count: int
    last_at: datetime
    blocked_until: datetime | None = None

    def wait_seconds(self, at: datetime) -> int:
        """Return for how long no attempt is taken, in whole seconds; 0 if one is taken now."""
        if self.blocked_until is None or at >= self.blocked_until or at < self.last_at:
            return 0
        return math.ceil((self.blocked_until - at).total_seconds())

    def counted(self, at: datetime, patience: Patience) -> Attempts:
        """Return what to remember after one more attempt that was taken."""
        quiet_since = max(self.last_at, self.blocked_until or self.last_at)
        is_forgotten = at - quiet_since >= timedelta(seconds=patience.longest_wait_seconds) or at < self.last_at
        count = 1 if is_forgotten else self.count + 1
        wait = patience.wait_after(count)
        return Attempts(count, at, None if wait is None else at + wait)

    def forgiven(self) -> Attempts:
        """Return what to remember where the last attempt was a good one: it does not count, those before it do."""
        return replace(self, count=max(0, self.count - 1), blocked_until=None)
