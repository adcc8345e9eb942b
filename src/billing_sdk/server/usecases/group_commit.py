"""Group commit: what many callers want to write at the same time is written in one durable transaction.

To make a commit durable takes the disk as long for one row as for thousands. One thread writes; while it does, what
arrives waits, and is the next group. So nobody waits for more than two commits, and a group is as large as the load.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from billing_sdk.errors import ServerBusy

T = TypeVar("T")
R = TypeVar("R")

# A group holds the database's write lock for a tenth of a second at most; larger ones would cost hardly less each.
MOST_AT_ONCE = 8_000
MOST_WAITING = 50_000
MOST_WAITING_BYTES = 16 * 1_048_576
RETRY_SECONDS = 1
# A group is closed when nobody else has come for so long.
LINGER_SECONDS = 0.0001


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    """What one caller wants to write, and where it waits: in a thread, or on an event loop."""

    items: Sequence[T]
    size_bytes: int
    answer: Future[list[R]] | asyncio.Future[list[R]]
    loop: asyncio.AbstractEventLoop | None


# Who waited, and for what.
_Outcome: TypeAlias = tuple[_Waiting[T, R], list[R] | Exception]


class GroupCommit(Generic[T, R]):
    """Writes what any number of threads and tasks bring, and answers each once its part is durable.

    Args:
        write: writes items in one durable transaction, and returns an answer for each, in their order. It is called
            in one thread, never twice at once.
        most_at_once: when a group holds so many items nothing more is added to it.
        most_waiting: how many items may wait; whoever brings more is told to come back.
        most_waiting_bytes: of which size they may be together.
        is_common: tells whether an error has nothing to do with what was to be written, so that nobody's part is tried
            by itself.
        pause: waits for some seconds.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], list[R]],
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
        most_waiting_bytes: int = MOST_WAITING_BYTES,
        is_common: Callable[[Exception], bool] = lambda _: False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._write = write
        self._most_at_once = most_at_once
        self._most_waiting = most_waiting
        self._most_waiting_bytes = most_waiting_bytes
        self._is_common = is_common
        self._pause = pause
        self._queue: SimpleQueue[_Waiting[T, R] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._waiting_bytes = 0
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._has_company = False

    def commit(self, items: Sequence[T], *, size_bytes: int = 0) -> list[R]:
        """Write items, and wait until they are durable.

        Raises:
            ServerBusy: too many wait already.
        """
        answer: Future[list[R]] = Future()
        self._bring(_Waiting(items, size_bytes, answer, None))
        return answer.result()

    async def commit_soon(self, items: Sequence[T], *, size_bytes: int = 0) -> list[R]:
        """Write items, and wait for it on an event loop.

        Raises:
            ServerBusy: too many wait already.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[R]] = loop.create_future()
        self._bring(_Waiting(items, size_bytes, answer, loop))
        return await answer

    @property
    def waiting(self) -> int:
        """How many items wait, or are being written."""
        return self._waiting

    def require_room(self, size_bytes: int) -> None:
        """Check, before anything costly is done for them, that items of a size would be let in.

        Raises:
            ServerBusy: too many wait already.
        """
        if self._waiting >= self._most_waiting or self._waiting_bytes + size_bytes > self._most_waiting_bytes:
            raise _busy()

    def close(self) -> None:
        """Write what waits, and then nothing more."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _bring(self, waiting: _Waiting[T, R]) -> None:
        count = len(waiting.items)
        with self._lock:
            if self._is_closed or (
                self._waiting
                and (
                    self._waiting + count > self._most_waiting
                    or self._waiting_bytes + waiting.size_bytes > self._most_waiting_bytes
                )
            ):
                raise _busy()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="billing-group-commit", daemon=True)
                self._thread.start()
            self._waiting += count
            self._waiting_bytes += waiting.size_bytes
            self._queue.put(waiting)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, is_last = self._gather(first)
            self._serve(group)
            with self._lock:
                self._waiting -= sum(len(one.items) for one in group)
                self._waiting_bytes -= sum(one.size_bytes for one in group)
            del first, group  # nothing holds them while the next group is waited for
            if is_last:
                return

    def _gather(self, first: _Waiting[T, R]) -> tuple[list[_Waiting[T, R]], bool]:
        """Return what waits by now, as far as it fits into one group, and whether it is the last."""
        group = [first]
        is_last = self._take_in(group)
        # Where many come at the same time, more are on their way: a commit costs more than to wait for them.
        while self._has_company and not is_last:
            before = len(group)
            self._pause(LINGER_SECONDS)
            is_last = self._take_in(group)
            if len(group) == before:
                break
        self._has_company = len(group) > 1
        return group, is_last

    def _take_in(self, group: list[_Waiting[T, R]]) -> bool:
        """Add to a group what waits and fits into it, and return whether it is the last."""
        count = sum(len(one.items) for one in group)
        while count < self._most_at_once:
            try:
                found = self._queue.get_nowait()
            except Empty:
                return False
            if found is None:
                return True
            group.append(found)
            count += len(found.items)
        return False

    def _serve(self, group: list[_Waiting[T, R]]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome[T, R]]] = defaultdict(list)
        for outcome in self._written(group):
            if (loop := outcome[0].loop) is None:
                _tell(outcome)
            else:
                by_loop[loop].append(outcome)
        for loop, outcomes in by_loop.items():
            with suppress(RuntimeError):  # the loop has ended, and nobody waits on it
                loop.call_soon_threadsafe(_tell_all, outcomes)

    def _written(self, group: list[_Waiting[T, R]]) -> list[_Outcome[T, R]]:
        try:
            answers = self._write([item for waiting in group for item in waiting.items])
        except Exception as error:  # noqa: BLE001 - it is raised where the callers wait
            if len(group) == 1 or self._is_common(error):
                return [(waiting, error) for waiting in group]
            # Something that one of them brought can't be written, and the others' can.
            return [outcome for waiting in group for outcome in self._written([waiting])]
        found: list[_Outcome[T, R]] = []
        place = 0
        for waiting in group:
            found.append((waiting, answers[place : place + len(waiting.items)]))
            place += len(waiting.items)
        return found


def _tell_all(outcomes: list[_Outcome[T, R]]) -> None:
    for outcome in outcomes:
        _tell(outcome)


def _tell(outcome: _Outcome[T, R]) -> None:
    """Answer a caller, unless it has gone away."""
    waiting, found = outcome
    answer = waiting.answer
    if answer.cancelled():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def _busy() -> ServerBusy:
    return ServerBusy("too much usage waits to be recorded", retry_after_seconds=RETRY_SECONDS)
