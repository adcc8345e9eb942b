"""Waiting without sleeping blindly: poll for a condition until a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, seconds: float = 30, what: str = "the condition") -> T:
    """Return the first true answer of a condition; fail once the deadline has passed."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        pause.wait(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")
