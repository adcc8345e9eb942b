"""Which events were handled: so that a repeated delivery has no second effect."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

LEASE_SECONDS: Final = 60.0
KEPT_SECONDS: Final = 7 * 86_400.0


class SeenStore(Protocol):
    """Remembers events by their signed id.

    An event is claimed before it is handled, and confirmed or released after. A claim is a lease: if the process dies
    in between, the event can be claimed again a minute later, so it is never lost. Confirmed events are
    remembered for a week, longer than a provider retries.
    """

    def claim(self, event_id: str) -> int:
        """Return which attempt this is, from 1, to exactly one caller, until its lease ends or it is released.

        Everybody else gets 0, and so does everybody once the event was confirmed.
        """
        ...

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled."""
        ...

    def release(self, event_id: str, attempt: int) -> None:
        """Give up a claim, so that the next delivery is handled; one that somebody else has taken over stays."""
        ...

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled; a claim that failed for another reason deserves another delivery."""
        ...


class _Lease(NamedTuple):
    until: float
    attempt: int


class MemorySeen:
    """Remembers in this process alone; for tests and for one process that may repeat an event after a restart.

    Args:
        lease_seconds: how long a claim lasts.
        kept_seconds: how long a handled event is remembered.
        capacity: how many events to remember; the oldest goes.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(
        self,
        *,
        lease_seconds: float = LEASE_SECONDS,
        kept_seconds: float = KEPT_SECONDS,
        capacity: int = 100_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease_seconds = lease_seconds
        self._kept_seconds = kept_seconds
        self._capacity = capacity
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._confirmed: OrderedDict[str, float] = OrderedDict()

    def claim(self, event_id: str) -> int:
        """Return which attempt this is, or 0 where somebody else has the event, or has handled it."""
        with self._lock:
            now = self._monotonic()
            lease = self._leases.get(event_id, _Lease(now, 0))
            if self._is_confirmed(event_id, now) or lease.until > now:
                return 0
            self._leases[event_id] = _Lease(now + self._lease_seconds, lease.attempt + 1)
            self._bound(self._leases)
            return lease.attempt + 1

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled."""
        with self._lock:
            self._leases.pop(event_id, None)
            self._confirmed[event_id] = self._monotonic() + self._kept_seconds
            self._confirmed.move_to_end(event_id)
            self._bound(self._confirmed)

    def release(self, event_id: str, attempt: int) -> None:
        """Give up a claim, so that the next delivery is handled; one that somebody else has taken over stays."""
        with self._lock:
            lease = self._leases.get(event_id)
            if lease is not None and lease.attempt == attempt:
                self._leases[event_id] = _Lease(self._monotonic(), attempt)

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled."""
        with self._lock:
            return self._is_confirmed(event_id, self._monotonic())

    def _bound(self, kept: OrderedDict[str, Any]) -> None:
        if len(kept) > self._capacity:
            kept.popitem(last=False)

    def _is_confirmed(self, event_id: str, now: float) -> bool:
        return self._confirmed.get(event_id, now) > now
