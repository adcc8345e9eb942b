"""Usage buffers: events are put in at once, and sent in batches by a thread or a task of their own."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, Unpack
from weakref import ReferenceType, WeakMethod, ref

from billing_sdk._fork import new_lock
from billing_sdk._operation import Async, Sync
from billing_sdk.errors import BufferFull, DeadlineExceeded
from billing_sdk.models import UsageEvent
from billing_sdk.resources._backlog import Backlog, Counts

LOG = logging.getLogger("billing_sdk.usage")
CLOSING_SECONDS: Final = 10.0


class EventParts(TypedDict, total=False):
    """What an event says beside its type, its value and its subject; see `UsageEvent.of`."""

    dimensions: Mapping[str, str] | None
    data: Mapping[str, Any] | None
    id: str | None
    source: str | None
    time: datetime | None


class _Buffer:
    """What both colours share."""

    def __init__(self, backlog: Backlog, *, source: str, flush_seconds: float, wait_seconds: float) -> None:
        self._backlog = backlog
        self._source = source
        self._flush_seconds = flush_seconds
        self._wait_seconds = wait_seconds
        self._is_closed = False
        self._is_over = False
        self._is_hurried = False
        # What the sender waits for; it is told only where that has come, because telling takes longer than adding.
        self._awaited: Literal["nothing", "an event", "a batch"] = "nothing"

    @property
    def counts(self) -> Counts:
        """What became of events so far."""
        return self._backlog.counts

    @property
    def waiting(self) -> int:
        """How many events in memory the server has not answered for."""
        return len(self._backlog)

    def _encoded(
        self,
        type: str,  # noqa: A002 - the attribute's name in CloudEvents
        value: Decimal | int | str | None,
        subject: str,
        parts: EventParts,
    ) -> tuple[Mapping[str, Any], bytes]:
        if self._is_closed:
            raise BufferFull("the buffer is closed")
        parts.setdefault("time", datetime.now(UTC))
        document = UsageEvent.of(type, value, subject=subject, **parts).document(self._source)
        return document, self._backlog.encode(document)

    @property
    def _is_due(self) -> bool:
        """Whether what waits is sent without waiting for more."""
        return self._is_over or self._is_closed or self._is_hurried or self._backlog.is_due

    @property
    def _has_to_be_woken(self) -> bool:
        return self._awaited == "an event" or (self._awaited == "a batch" and self._backlog.is_due)

    def _full(self) -> BufferFull:
        return BufferFull(f"{self.waiting} events wait for the billing server already", waiting=self.waiting)

    def _left(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"{self.waiting} usage events are not recorded yet", waiting=self.waiting)


class UsageBuffer(_Buffer):
    """Takes usage events from any number of threads, and records them in batches from a thread of its own.

    Use it as a context manager, or `close` it; at the end of the program it is closed as well. What a process that
    dies has not sent is lost, unless there is a journal.
    """

    def __init__(self, client: Sync, backlog: Backlog, **options: Any) -> None:
        super().__init__(backlog, **options)
        self._client = client
        self._start_anew()
        atexit.register(_close_at_exit, WeakMethod(self.close))

    def _start_anew(self) -> None:
        self._process_id = os.getpid()
        self._changed = threading.Condition(new_lock())
        self._thread: threading.Thread | None = None

    def add(
        self,
        type: str,  # noqa: A002 - the attribute's name in CloudEvents
        value: Decimal | int | str | None = None,
        *,
        subject: str,
        **parts: Unpack[EventParts],
    ) -> None:
        """Have something recorded that was used; the parts are those of `UsageEvent.of`, its time is now by default.

        Whether a meter takes it, only the server knows: what it refuses is reported to `on_refused`.

        Raises:
            BufferFull: there was no room for it in time, or the buffer is closed; the event is not recorded.
            InvalidQuantity: a number is not exact.
            InvalidRequest: the event can't be sent as it is.
            JournalFull: the journal has no room; the event is not recorded.
        """
        if self._process_id != os.getpid():
            # The parent process sends what it had: here it would be sent again, to no effect.
            self._backlog.clear()
            self._start_anew()
        event, document = self._encoded(type, value, subject, parts)
        if not self._backlog.add(event, document):
            self._wake()
            with self._changed:
                if not self._changed.wait_for(lambda: self._backlog.add(event, document), self._wait_seconds):
                    raise self._full()
        if self._thread is None or self._has_to_be_woken:
            self._wake()

    def flush(self, *, deadline_seconds: float | None = None) -> None:
        """Wait until the server has answered for everything that was added.

        Raises:
            DeadlineExceeded: it has not in time; what is left is sent all the same.
        """
        self._is_hurried = True
        self._wake()
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._backlog.is_done, deadline_seconds):
                    raise self._left()
        finally:
            self._is_hurried = False

    def close(self, *, deadline_seconds: float = CLOSING_SECONDS) -> None:
        """Send what waits, and take no more.

        Raises:
            DeadlineExceeded: the server has not answered for all of it; only a journal keeps what is left.
        """
        if self._process_id != os.getpid():
            return
        self._is_closed = True
        try:
            if not self._backlog.is_done:
                self.flush(deadline_seconds=deadline_seconds)
        finally:
            self._is_over = True
            with self._changed:
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wake(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="billing-usage", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        pause = 0.0
        while self._has_work_after(pause):
            pause = self._client.run(self._backlog.deliver())
            with self._changed:
                self._changed.notify_all()

    def _has_work_after(self, pause: float) -> bool:
        """Wait until there is a batch to send; False once there will be none."""
        with self._changed:
            if pause:
                self._changed.wait_for(lambda: self._is_over, pause)
            self._awaited = "an event"
            self._changed.wait_for(lambda: self._is_over or not self._backlog.is_done)
            self._awaited = "a batch"
            self._changed.wait_for(lambda: self._is_due, self._flush_seconds)
            self._awaited = "nothing"
        return not self._is_over


class AsyncUsageBuffer(_Buffer):
    """Takes usage events from the tasks of one event loop, and records them in batches from a task of its own.

    Use it with `async with`, or `await` its `close`. What a process that dies has not sent is lost, unless there is a
    journal.
    """

    def __init__(self, client: Async, backlog: Backlog, **options: Any) -> None:
        super().__init__(backlog, **options)
        self._client = client
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        atexit.register(_tell_at_exit, ref(self))

    async def add(
        self,
        type: str,  # noqa: A002 - the attribute's name in CloudEvents
        value: Decimal | int | str | None = None,
        *,
        subject: str,
        **parts: Unpack[EventParts],
    ) -> None:
        """Have something recorded that was used; the parts are those of `UsageEvent.of`, its time is now by default.

        Whether a meter takes it, only the server knows: what it refuses is reported to `on_refused`.

        Raises:
            BufferFull: there was no room for it in time, or the buffer is closed; the event is not recorded.
            InvalidQuantity: a number is not exact.
            InvalidRequest: the event can't be sent as it is.
            JournalFull: the journal has no room; the event is not recorded.
        """
        event, document = self._encoded(type, value, subject, parts)
        if not self._backlog.add(event, document):
            await self._wake()
            if not await self._comes_true(lambda: self._backlog.add(event, document), self._wait_seconds):
                raise self._full()
        if self._task is None or self._has_to_be_woken:
            await self._wake()

    async def flush(self, *, deadline_seconds: float | None = None) -> None:
        """Wait until the server has answered for everything that was added.

        Raises:
            DeadlineExceeded: it has not in time; what is left is sent all the same.
        """
        self._is_hurried = True
        try:
            await self._wake()
            if not await self._comes_true(lambda: self._backlog.is_done, deadline_seconds):
                raise self._left()
        finally:
            self._is_hurried = False

    async def close(self, *, deadline_seconds: float = CLOSING_SECONDS) -> None:
        """Send what waits, and take no more.

        Raises:
            DeadlineExceeded: the server has not answered for all of it; only a journal keeps what is left.
        """
        self._is_closed = True
        try:
            if not self._backlog.is_done:
                await self.flush(deadline_seconds=deadline_seconds)
        finally:
            self._is_over = True
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="billing-usage")
        async with self._changed:
            self._changed.notify_all()

    async def _work(self) -> None:
        pause = 0.0
        while await self._has_work_after(pause):
            pause = await self._client.run(self._backlog.deliver())
            async with self._changed:
                self._changed.notify_all()

    async def _has_work_after(self, pause: float) -> bool:
        if pause:
            await self._comes_true(lambda: self._is_over, pause)
        self._awaited = "an event"
        await self._comes_true(lambda: self._is_over or not self._backlog.is_done, None)
        self._awaited = "a batch"
        await self._comes_true(lambda: self._is_due, self._flush_seconds)
        self._awaited = "nothing"
        return not self._is_over

    async def _comes_true(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            return condition()
        return True


def _tell_at_exit(reference: ReferenceType[AsyncUsageBuffer]) -> None:
    """Say what an event loop that is gone has not sent."""
    buffer = reference()
    if buffer is not None and buffer.waiting:
        LOG.critical("the program ends: %d usage events are not recorded; close the buffer before", buffer.waiting)


def _close_at_exit(method: WeakMethod[Callable[[], None]]) -> None:
    close = method()
    if close is None:
        return
    try:
        close()
    except DeadlineExceeded as error:
        LOG.critical("the program ends: %s", error.detail)
