"""Single flight: what many threads and tasks need at once is fetched by one of them.

Waiting goes through `concurrent.futures.Future`, so threads, tasks and several event loops can wait for each other's
flights. Nothing here blocks: a flow that has to wait says so with `Wait`, and its client's colour does the waiting.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar
from weakref import WeakSet

from billing_sdk._operation import Flow, Wait

T = TypeVar("T")

_LARGEST_MEMORY: Final = 1_024
_flights: WeakSet[Flight[Any]] = WeakSet()


class Abandoned(Exception):
    """Whoever was fetching was cancelled; somebody else has to start again."""


class Flight(Generic[T]):
    """Lets one caller at a time fetch what a key stands for; the others get the same answer or error.

    Args:
        linger_seconds: a caller who comes this long after the answer still gets it.
        monotonic: tells seconds that never run backwards.
    """

    def __init__(self, *, linger_seconds: float = 0.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._linger_seconds = linger_seconds
        self._monotonic = monotonic
        self._forget_everything()
        _flights.add(self)

    def share(self, key: Hashable, fetch: Callable[[], Flow[T]]) -> Flow[T]:
        """Fetch, or wait for whoever is fetching the same thing already."""
        while True:
            future, leads = self._join(key)
            if leads:
                return (yield from self._lead(future, fetch))
            try:
                return (yield from Wait(future))
            except Abandoned:
                continue

    def also(self, key: Hashable, other: Hashable) -> None:
        """Let whoever asks for another key get the answer of the flight that is under way for this one."""
        with self._lock:
            future = self._flying.get(key)
            if future is not None:
                self._flying.setdefault(other, future)

    def is_flying(self, key: Hashable) -> bool:
        """Return whether somebody is fetching this now."""
        return key in self._flying

    def _join(self, key: Hashable) -> tuple[Future[T], bool]:
        with self._lock:
            landed = self._landed.get(key)
            if landed is not None and self._monotonic() < landed[1]:
                return landed[0], False
            future = self._flying.get(key)
            if future is not None:
                return future, False
            future = self._flying[key] = Future()
            # A running future can't be cancelled by a task that merely waits for it.
            future.set_running_or_notify_cancel()
            return future, True

    def _lead(self, future: Future[T], fetch: Callable[[], Flow[T]]) -> Flow[T]:
        try:
            value = yield from fetch()
        except Exception as error:
            self._land(future, keep=False)
            future.set_exception(error)
            raise
        except BaseException:
            self._land(future, keep=False)
            future.set_exception(Abandoned())
            raise
        self._land(future, keep=True)
        future.set_result(value)
        return value

    def _land(self, future: Future[T], *, keep: bool) -> None:
        with self._lock:
            keys = [key for key, flying in self._flying.items() if flying is future]
            for key in keys:
                del self._flying[key]
            if keep and self._linger_seconds:
                ends = self._monotonic() + self._linger_seconds
                for key in keys:
                    self._landed[key] = (future, ends)
                    self._landed.move_to_end(key)
                while len(self._landed) > _LARGEST_MEMORY or self._is_over(next(iter(self._landed))):
                    self._landed.popitem(last=False)

    def _is_over(self, key: Hashable) -> bool:
        return self._landed[key][1] <= self._monotonic()

    def _forget_everything(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[Hashable, Future[T]] = {}
        self._landed: OrderedDict[Hashable, tuple[Future[T], float]] = OrderedDict()


def _start_over_in_a_child() -> None:
    # The threads that were fetching did not come along, and a lock may have been copied while it was held.
    for flight in list(_flights):
        flight._forget_everything()


os.register_at_fork(after_in_child=_start_over_in_a_child)
