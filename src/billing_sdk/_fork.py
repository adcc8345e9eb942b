"""Locks that outlive a fork.

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


def _free_in_a_child() -> None:
    for lock in list(_made):
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # what the standard library does with its own locks


os.register_at_fork(after_in_child=_free_in_a_child)
