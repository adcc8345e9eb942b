"""Usage events: what was used, sent at once or by way of a buffer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, overload

from billing_sdk._operation import Async, C, Call, Flow, Resource, Sync, operation
from billing_sdk.errors import APIError, InvalidRequest, UnsafeAnswer
from billing_sdk.models import RecordedEvent, UsageEvent, read_problem, read_results
from billing_sdk.resources._backlog import MOST_BYTES, MOST_EVENTS, Backlog, EventJournal, compact, log_refusal
from billing_sdk.resources._base import MANAGEMENT
from billing_sdk.resources._buffers import AsyncUsageBuffer, UsageBuffer

PATH: Final = f"{MANAGEMENT}/billing/usage_events"
# An answer for each of a thousand events.
LONGEST_ANSWER: Final = 4 * 1_048_576


class UsageEvents(Resource[C]):
    """Records usage events: each counts once, however often it is sent."""

    def __init__(self, client: C, *, source: str) -> None:
        self._client = client
        self._source = source

    @operation
    def record(
        self,
        type: str,  # noqa: A002 - the attribute's name in CloudEvents
        value: Decimal | int | str | None = None,
        *,
        subject: str,
        dimensions: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - as above
        source: str | None = None,
        time: datetime | None = None,
    ) -> Call[RecordedEvent]:
        """Record something that was used; it is on the server's disk when this returns. An extension.

        Args:
            type: the event's type; of a metered feature it is the feature's key, unless it has a meter of its own.
            value: how much, exactly, and 1 by default; a float is refused, because it is not exact.
            subject: who used it: the id of a customer or an agreement, a user's id, an organization's code, or a key
                that a customer goes by.
            dimensions: what the usage is marked with, such as the model that answered; prices can depend on it.
            data: what else is known of it; meters can read it.
            id: what makes it the same event when it is sent again; a new one by default.
            source: which system reports it; this client by default.
            time: when it was used; now by default.

        Raises:
            InvalidQuantity: a number is not exact, or not one that the meter takes.
            UnknownMeter: no meter counts events of this type.
            UnknownSubject: no customer goes by the subject.
            EventTooLate: it was longer ago than the meter allows.
            EventTooEarly: its time lies ahead.
            EventConflict: another event has its source and id.
        """
        event = UsageEvent.of(
            type, value, subject=subject, dimensions=dimensions, data=data, id=id, source=source, time=time
        )
        return Call(
            "POST", PATH, _read_one, json=event.document(self._source), credential="machine", is_repeatable=True
        )

    @operation
    def record_many(self, events: Sequence[UsageEvent]) -> Flow[tuple[RecordedEvent, ...]]:
        """Record many events, a thousand at a time, and return what became of each; none is refused for another's sake.

        Raises:
            InvalidRequest: one can't be sent as it is; none was sent.
            InvalidQuantity: a number is not exact; none was sent.
        """
        documents = [self._encoded(event) for event in events]
        answers: list[RecordedEvent] = []
        while len(answers) < len(documents):
            batch = _batch(documents[len(answers) :][:MOST_EVENTS])
            found = yield from self.recording(b"[" + b",".join(batch) + b"]")
            if len(found) != len(batch):
                raise UnsafeAnswer("the server has not answered for each event")
            answers += found
        return tuple(answers)

    @overload
    def buffer(
        self: UsageEvents[Sync],
        *,
        max_events: int = ...,
        max_bytes: int = ...,
        flush_seconds: float = ...,
        wait_seconds: float = ...,
        on_refused: Callable[[RecordedEvent], None] = ...,
        journal: EventJournal | None = ...,
    ) -> UsageBuffer: ...
    @overload
    def buffer(
        self: UsageEvents[Async],
        *,
        max_events: int = ...,
        max_bytes: int = ...,
        flush_seconds: float = ...,
        wait_seconds: float = ...,
        on_refused: Callable[[RecordedEvent], None] = ...,
        journal: EventJournal | None = ...,
    ) -> AsyncUsageBuffer: ...

    def buffer(
        self,
        *,
        max_events: int = 10_000,
        max_bytes: int = 10_000_000,
        flush_seconds: float = 1.0,
        wait_seconds: float = 5.0,
        on_refused: Callable[[RecordedEvent], None] = log_refusal,
        journal: EventJournal | None = None,
    ) -> UsageBuffer | AsyncUsageBuffer:
        """Return a buffer, which takes events in microseconds and sends them in batches; close it at the end.

        Args:
            max_events: how many may wait for the server.
            max_bytes: how long they may be together, as JSON.
            flush_seconds: how long an event waits for others at most.
            wait_seconds: how long whoever adds waits for room; 0 raises at once.
            on_refused: told of each event that the server has refused; logged by default.
            journal: keeps what the server has not answered for beyond the life of the process.

        Raises:
            InvalidRequest: there would be no room at all.
        """
        backlog = Backlog(self.recording, on_refused, max_events, max_bytes, journal)
        options = {"source": self._source, "flush_seconds": flush_seconds, "wait_seconds": wait_seconds}
        match self._client:
            case Async() as client:
                return AsyncUsageBuffer(client, backlog, **options)
            case client:
                return UsageBuffer(client, backlog, **options)

    def recording(self, batch: bytes) -> Call[tuple[RecordedEvent, ...]]:
        """Describe the call for a batch that has been written as JSON already."""
        return Call(
            "POST",
            PATH,
            _read_many,
            content=batch,
            credential="machine",
            max_bytes=LONGEST_ANSWER,
            is_repeatable=True,
        )

    def _encoded(self, event: UsageEvent) -> bytes:
        document = compact(event.document(self._source))
        if len(document) > MOST_BYTES:
            raise InvalidRequest("an event is too long", parameter="data")
        return document


def _batch(documents: Sequence[bytes]) -> Sequence[bytes]:
    """Return as many of them, the first ones, as one request takes."""
    size = 0
    for place, document in enumerate(documents):
        size += len(document) + 1
        if place and size > MOST_BYTES:
            return documents[:place]
    return documents


def _read_many(data: Any) -> tuple[RecordedEvent, ...]:
    return tuple(
        RecordedEvent(source, id, recorded_at, None if refused is None else _error(refused))
        for source, id, recorded_at, refused in read_results(data)  # noqa: A001 - the attribute's name in CloudEvents
    )


def _read_one(data: Any) -> RecordedEvent:
    found = _read_many(data)
    if len(found) != 1:
        raise UnsafeAnswer("the server has not answered for the event")
    if found[0].error is not None:
        raise found[0].error
    return found[0]


def _error(refused: Mapping[str, Any]) -> APIError:
    return read_problem({"errors": [refused]}, status=422, request_id=None)
