"""Locks and limits that outlive a fork.

A process that is forked while another thread holds a lock copies the lock as held, and nobody in the child will ever
release it. Servers that load the application first and fork their workers afterwards do just that.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakSet

_made: WeakSet[threading.Lock] = WeakSet()


def new_lock() -> threading.Lock:
    """Return a lock that is free in a child process, whoever held it when the process forked."""
    lock = threading.Lock()
    _made.add(lock)
    return lock


class Slots:
    """So many at once. A child process begins with all of them free: the threads that had some did not come along."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = new_lock()
        self._taken = 0
        self._process_id = os.getpid()

    def take(self) -> bool:
        """Return whether there was one left, and take it."""
        with self._lock:
            if self._process_id != os.getpid():
                self._taken, self._process_id = 0, os.getpid()
            if self._taken == self._size:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """Let somebody else have one that was taken."""
        with self._lock:
            self._taken -= 1


def _free_in_a_child() -> None:
    for lock in list(_made):
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # what the standard library does with its own locks


os.register_at_fork(after_in_child=_free_in_a_child)
