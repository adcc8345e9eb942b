"""How often something happened that an operator wants to see: each staleness that was let through, each failure."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Counted: TypeAlias = Literal[
    "gate_let_in_stale",
    "gate_let_in_unchecked",
    "gate_denied",
    "gate_denied_out_of_reach",
    "usage_not_counted",
    "usage_not_released",
    "usage_above_reserved",
    "usage_kept_for_later",
    "webhook_refused",
    "webhook_repeated",
    "webhook_handled",
    "webhook_failed",
]


class Counts:
    """Counts since the process began, for every thread of it; a monitoring system takes the difference."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter[str] = Counter()

    def note(self, what: Counted) -> None:
        """Count one more."""
        with self._lock:
            self._counter[what] += 1

    def read(self) -> Mapping[str, int]:
        """Return every count by its name, those that are zero, too."""
        with self._lock:
            return {name: self._counter[name] for name in get_args(Counted)}
