"""The backlog of a usage buffer: events that wait for the server, each until it has answered for it.

It is bounded by events and by bytes, keeps the order, and knows neither threads nor event loops: a buffer of either
colour runs `deliver`, a flow that sends one batch and says when to send the next.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from json import JSONEncoder, loads
from random import random
from typing import Any, Final, NamedTuple, Protocol

from billing_sdk._fork import new_lock
from billing_sdk._operation import Call, Flow
from billing_sdk.errors import APIError, BillingError, InvalidRequest, UnsafeAnswer
from billing_sdk.models import RecordedEvent

LOG = logging.getLogger("billing_sdk.usage")

MOST_EVENTS: Final = 1_000
MOST_BYTES: Final = 1_000_000
# Between batches that fail: doubled each time, and spread, so that many processes do not come back at once.
FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 30.0
# What the server says of a request as a whole that it will say again: some event of it is to blame.
HOPELESS_STATUSES: Final = frozenset({400, 413, 422})


# Made once: making it takes as long as writing an event.
_ENCODER: Final = JSONEncoder(allow_nan=False, separators=(",", ":"))


def compact(event: Mapping[str, Any]) -> bytes:
    """Write an event as JSON."""
    return _ENCODER.encode(event).encode("ascii")


class EventJournal(Protocol):
    """Where events are kept that the server has not answered for, beyond the life of the process."""

    def append(self, event: Mapping[str, Any]) -> int:
        """Keep an event durably, and return its number."""
        ...

    def pending(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield what is kept, with its numbers."""
        ...

    def done(self, *numbers: int) -> None:
        """Give up what the server has answered for."""
        ...


class Waiting(NamedTuple):
    """An event that waits: as it is sent, and its number in the journal."""

    document: bytes
    number: int | None = None


@dataclass(slots=True)
class Counts:
    """What became of events, since the buffer was made.

    Attributes:
        added: that were put in.
        recorded: that the server has recorded, now or before.
        refused: that it has refused, each of which was reported.
        failures: of batches, which were kept.
    """

    added: int = 0
    recorded: int = 0
    refused: int = 0
    failures: int = 0


@dataclass(slots=True)
class Backlog:
    """Events in the order in which they were added.

    Attributes:
        send: describes the call for a batch; its answer is in the order of the events.
        report: told of each event that the server has refused.
        max_events: how many may wait.
        max_bytes: how long they may be together.
        journal: keeps them beyond the life of the process, and has brought some along.
    """

    send: Callable[[bytes], Call[tuple[RecordedEvent, ...]]]
    report: Callable[[RecordedEvent], None]
    max_events: int
    max_bytes: int
    journal: EventJournal | None = None
    counts: Counts = field(default_factory=Counts)
    _waiting: deque[Waiting] = field(default_factory=deque)
    _in_flight: int = 0
    _is_full: bool = False
    _bytes: int = 0
    _most: int = MOST_EVENTS
    _failed_in_a_row: int = 0
    _left_over: Iterator[tuple[int, Mapping[str, Any]]] | None = None
    _lock: Any = field(default_factory=new_lock)

    def __post_init__(self) -> None:
        if self.max_events < 1 or self.max_bytes < 1:
            raise InvalidRequest("a buffer has room for one event at least", parameter="max_events")
        if self.journal is not None:
            self._left_over = self.journal.pending()
            self._recall()

    def __len__(self) -> int:
        """How many events the server has not answered for, of those in memory."""
        return len(self._waiting) + self._in_flight

    @property
    def is_done(self) -> bool:
        """Whether the server has answered for every event, those that the journal has brought along included."""
        return not self._waiting and not self._in_flight and self._left_over is None

    @property
    def is_due(self) -> bool:
        """Whether there is as much as one request takes, or somebody waits for room."""
        return self._is_full or len(self._waiting) >= self._most or self._bytes >= MOST_BYTES

    def encode(self, event: Mapping[str, Any]) -> bytes:
        """Write an event as it is sent.

        Raises:
            InvalidRequest: it is longer than the server takes, or than the buffer holds.
        """
        document = compact(event)
        if len(document) > min(MOST_BYTES, self.max_bytes):
            raise InvalidRequest("the event is too long", parameter="data")
        return document

    def add(self, event: Mapping[str, Any], document: bytes) -> bool:
        """Have an event wait; False where there is no room."""
        with self._lock:
            if len(self) >= self.max_events or self._bytes + len(document) > self.max_bytes:
                self._is_full = True
                return False
            number = None if self.journal is None else self.journal.append(event)
            self._waiting.append(Waiting(document, number))
            self._bytes += len(document)
            self.counts.added += 1
            return True

    def clear(self) -> None:
        """Forget what waits, in a process that was forked from the one which will send it."""
        self._waiting.clear()
        self._bytes = self._in_flight = 0
        self._left_over = None

    def deliver(self) -> Flow[float]:
        """Send the next batch, and return after how many seconds to go on; what can't be sent now is kept."""
        batch = self._take()
        if not batch:
            return 0.0
        is_answered = False
        try:
            answers = yield from self.send(b"[" + b",".join(one.document for one in batch) + b"]")
            if len(answers) != len(batch):
                raise UnsafeAnswer("the server has not answered for each event")
            is_answered = True
        except BillingError as error:
            if len(batch) == 1 and isinstance(error, APIError) and error.http_status in HOPELESS_STATUSES:
                answers, is_answered = (_refused(batch[0], error),), True
            else:
                return self._pause_after(error, len(batch))
        finally:
            if not is_answered:
                self._put_back(batch)
        self._settle(batch, answers)
        return 0.0

    def _take(self) -> list[Waiting]:
        """Return the events of the next batch; they count as waiting until they are settled."""
        with self._lock:
            batch: list[Waiting] = []
            size = 0
            for one in islice(self._waiting, self._most):
                size += len(one.document) + 1
                if batch and size > MOST_BYTES:
                    break
                batch.append(one)
            for _ in batch:
                self._waiting.popleft()
            self._in_flight = len(batch)
            self._is_full = False
            return batch

    def _put_back(self, batch: Sequence[Waiting]) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(batch))
            self._in_flight = 0

    def _settle(self, batch: Sequence[Waiting], answers: Sequence[RecordedEvent]) -> None:
        with self._lock:
            self._in_flight = 0
            self._bytes -= sum(len(one.document) for one in batch)
            self._failed_in_a_row = 0
            self._most = min(MOST_EVENTS, self._most * 2)
            refused = [answer for answer in answers if not answer.is_recorded]
            self.counts.recorded += len(answers) - len(refused)
            self.counts.refused += len(refused)
        if self.journal is not None:
            self.journal.done(*(one.number for one in batch if one.number is not None))
            self._recall()
        for answer in refused:
            try:
                self.report(answer)
            except Exception:  # whatever the application does in there, the next events are sent
                LOG.exception("the report of a refused usage event has failed")

    def _recall(self) -> None:
        """Take what the journal has brought along from an earlier process, as far as there is room."""
        while self._left_over is not None and len(self) < self.max_events:
            found = next(self._left_over, None)
            if found is None:
                self._left_over = None
                return
            number, event = found
            document = self.encode(event)
            self._waiting.append(Waiting(document, number))
            self._bytes += len(document)

    def _pause_after(self, error: BillingError, size: int) -> float:
        self.counts.failures += 1
        if isinstance(error, APIError) and error.http_status in HOPELESS_STATUSES:
            self._most = max(1, size // 2)  # until the one that is to blame is alone
            return 0.0
        level = logging.DEBUG if self._failed_in_a_row else logging.WARNING
        LOG.log(level, "usage can't be recorded now, and is kept: %s", error.code)
        pause = min(FIRST_PAUSE_SECONDS * float(1 << self._failed_in_a_row), LONGEST_PAUSE_SECONDS)
        self._failed_in_a_row = min(self._failed_in_a_row + 1, 10)
        asked = error.facts.get("retry_after_seconds")
        if type(asked) is int:
            pause = max(pause, min(float(asked), LONGEST_PAUSE_SECONDS))
        return pause * (0.75 + random() / 4)  # noqa: S311 - spreads load, guards nothing


def _refused(one: Waiting, error: APIError) -> RecordedEvent:
    event = loads(one.document)
    return RecordedEvent(event["source"], event["id"], error=error)


def log_refusal(answer: RecordedEvent) -> None:
    """Say that an event was refused, and why."""
    LOG.error("usage event %r of %r was refused: %s", answer.id, answer.source, answer.error)
