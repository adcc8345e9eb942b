"""Which events were handled: so that a repeated delivery has no second effect."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

LEASE_SECONDS: Final = 60.0
KEPT_SECONDS: Final = 7 * 86_400.0


class SeenStore(Protocol):
    """Remembers events by their signed id.

    An event is claimed before it is handled, and confirmed or released after. A claim is a lease: if the process dies
    in between, the event can be claimed again a minute later, so it is never lost. Confirmed events are
    remembered for a week, longer than a provider retries.
    """

    def claim(self, event_id: str) -> bool:
        """Return true for exactly one caller, until its lease ends or it is released; false once confirmed."""
        ...

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled."""
        ...

    def release(self, event_id: str) -> None:
        """Give up a claim, so that the next delivery is handled."""
        ...

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled; a claim that failed for another reason deserves another delivery."""
        ...


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
        self._leases: dict[str, float] = {}
        self._confirmed: OrderedDict[str, float] = OrderedDict()

    def claim(self, event_id: str) -> bool:
        """Return true for exactly one caller, until its lease ends or it is released; false once confirmed."""
        with self._lock:
            now = self._monotonic()
            if self._is_confirmed(event_id, now) or self._leases.get(event_id, now) > now:
                return False
            self._leases[event_id] = now + self._lease_seconds
            return True

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled."""
        with self._lock:
            self._leases.pop(event_id, None)
            self._confirmed[event_id] = self._monotonic() + self._kept_seconds
            self._confirmed.move_to_end(event_id)
            if len(self._confirmed) > self._capacity:
                self._confirmed.popitem(last=False)

    def release(self, event_id: str) -> None:
        """Give up a claim, so that the next delivery is handled."""
        with self._lock:
            self._leases.pop(event_id, None)

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled."""
        with self._lock:
            return self._is_confirmed(event_id, self._monotonic())

    def _is_confirmed(self, event_id: str, now: float) -> bool:
        return self._confirmed.get(event_id, now) > now
