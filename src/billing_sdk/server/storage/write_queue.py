"""Writers of SQLite go in the order in which they came.

SQLite has one writer at a time, and who finds it busy looks again after a pause that grows: whoever writes one
transaction after another, as the recording of usage does, would keep everybody else out for seconds. Among the threads
of a process each waits for its turn instead.
"""

from __future__ import annotations

import threading
from collections import deque


class WriteQueue:
    """Gives turns in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def enter(self, timeout_seconds: float) -> bool:
        """Wait for a turn; False where it has not come in time."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout_seconds):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # it came at the last moment

    def leave(self) -> None:
        """End a turn: it is the next one's, who has it at once."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
