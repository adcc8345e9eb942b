"""A worker that was forked from a busy process begins with free locks and limits."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from billing_sdk._fork import Slots, new_lock

pytestmark = pytest.mark.attack(91)


def holds_in_a_child(check: Callable[[], bool]) -> bool:
    """Return what a check says in a forked child."""
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_a_lock_that_was_held_is_free_in_a_child_and_stays_held_in_the_parent() -> None:
    lock = new_lock()
    with lock:
        assert holds_in_a_child(lambda: lock.acquire(blocking=False))
        assert lock.locked()
    assert not lock.locked()


def test_slots_that_were_taken_are_free_in_a_child_and_stay_taken_in_the_parent() -> None:
    slots = Slots(2)
    assert [slots.take() for _ in range(3)] == [True, True, False]
    assert holds_in_a_child(lambda: [slots.take() for _ in range(3)] == [True, True, False])
    assert not slots.take()
    slots.give_back()
    assert slots.take()
