"""Ingest usage: record what applications report, each event once for ever, whoever sends it how often.

Nothing is answered before it is durable. One bad event never loses the others: it gets an error of its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from billing_sdk.errors import BillingError, EventConflict, UnknownMeter, UnknownSubject
from billing_sdk.server.domain.metering import (
    Intake,
    MeasuredEvent,
    Meter,
    Recorded,
    Span,
    UsageEvent,
    received,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.outages import is_outage
from billing_sdk.server.storage.subjects import Subject
from billing_sdk.server.storage.usage_stores import UsageLog
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.group_commit import GroupCommit
from billing_sdk.server.usecases.incoming_events import IncomingEvent, fingerprint_of

# For so long may a subject be taken for known that has gone.
STALE_SECONDS = 1.0
MOST_SUBJECTS = 100_000

Answer = Recorded | BillingError


class Ingestion:
    """Takes in usage events; one for each process, safe to share between threads.

    Args:
        engine: what every use case needs.
        seconds: a clock for how long what was looked up stays good.
    """

    def __init__(self, engine: Engine, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._group: GroupCommit[IncomingEvent, Answer] = GroupCommit(self._record, is_common=is_outage)
        self._subjects = _KnownSubjects(seconds)
        self._meters = _KnownMeters()

    def ingest(self, events: Sequence[IncomingEvent], *, size_bytes: int = 0) -> list[Answer]:
        """Record events, and return for each, in their order, that it is recorded, or why not.

        Args:
            events: what was reported.
            size_bytes: of which size they are together.

        Raises:
            ServerBusy: too much waits to be recorded.
        """
        return self._group.commit(events, size_bytes=size_bytes)

    async def ingest_soon(self, events: Sequence[IncomingEvent], *, size_bytes: int = 0) -> list[Answer]:
        """Record events as `ingest` does, and wait for it on an event loop.

        Raises:
            ServerBusy: too much waits to be recorded.
        """
        return await self._group.commit_soon(events, size_bytes=size_bytes)

    def require_room(self, size_bytes: int) -> None:
        """Check, before events are read, that there is room for them.

        Raises:
            ServerBusy: too much waits to be recorded.
        """
        self._group.require_room(size_bytes)

    def close(self) -> None:
        """Record what waits, and then nothing more."""
        self._group.close()

    def _record(self, events: Sequence[IncomingEvent]) -> list[Answer]:
        self._subjects.look_up(self._engine, {event.subject for event in events})
        types = {event.type for event in events}
        while True:
            with suppress(_MetersChanged):
                return self._recorded(events, types)

    def _recorded(self, events: Sequence[IncomingEvent], types: set[str]) -> list[Answer]:
        with self._recording() as (tx, log):
            self._meters.find_out(tx, types)
            answers = self._measured(tx, events)
            good = [one for one in answers if isinstance(one, MeasuredEvent)]
            recorded = iter(log.append(good, self._meters.of_types(types)))
            # Whoever appends is alone, and so is whoever counts past events for a new meter: one of them sees the
            # other's work. It is asked last, since what was asked before this one was alone might have changed.
            self._meters.require(self._version(tx))
            return [_answer(one.event, next(recorded)) if isinstance(one, MeasuredEvent) else one for one in answers]

    @contextmanager
    def _recording(self) -> Iterator[tuple[UnitOfWork, UsageLog]]:
        """Yield something to read with, and the log, in one transaction that is durable at the end of the block."""
        if not self._engine.database.keeps_usage_apart:
            with self._engine.begin() as tx:
                yield tx, tx.usage_log
            return
        with self._engine.database.usage.begin() as log, self._engine.read() as tx:
            # Not every store can take back what it has appended, but those that can't are alone from here on.
            self._meters.require(self._version(tx))
            yield tx, log

    def _version(self, tx: UnitOfWork) -> object:
        if not self._engine.database.keeps_usage_apart:
            return tx.meters.version()
        with self._engine.read() as now:  # what the other one sees may be of a moment ago
            return now.meters.version()

    def _measured(self, tx: UnitOfWork, events: Sequence[IncomingEvent]) -> list[MeasuredEvent | BillingError]:
        now = self._engine.now()
        times = _Times(tx, now)
        found: list[MeasuredEvent | BillingError] = []
        for event in events:
            intake = self._meters.intake(event.type)
            subject = self._subjects.find(event.subject)
            try:
                if intake is None:
                    raise UnknownMeter(f"no meter counts events of the type {event.type[:64]!r}")
                if subject is None and not intake.keeps_unknown:
                    raise UnknownSubject(f"nobody goes by {event.subject[:64]!r}")
                at, span = times.of(event.type, intake, None if subject is None else subject.clock_id)
                found.append(received(event, intake, span, at, fingerprint_of))
            except BillingError as error:
                found.append(error)
        return found


def _answer(event: UsageEvent, recorded: Recorded) -> Answer:
    if recorded.outcome == "conflict":
        return EventConflict(
            f"another event of {event.source[:64]!r} has the id {event.id[:64]!r}",
            recorded_at=recorded.recorded_at.isoformat(),
        )
    return recorded


class _MetersChanged(Exception):
    """Events were measured by meters as they are no more; nothing is recorded."""


class _KnownMeters:
    """What the meters of each type ask, as of one version of all meters."""

    def __init__(self) -> None:
        self._intakes: dict[str, Intake] = {}
        self._version: object = None

    def find_out(self, tx: UnitOfWork, types: set[str]) -> None:
        """Read the meters of those types that are not known."""
        if self._version is None:
            self._version = tx.meters.version()
        missing = types - self._intakes.keys()
        if missing:
            by_type = defaultdict(list)
            for meter in tx.meters.of_type(missing):
                by_type[meter.event_type].append(meter)
            self._intakes |= {of_type: Intake.of(meters) for of_type, meters in by_type.items()}

    def require(self, version: object) -> None:
        """Check that meters are as they are known, and forget them where they are not.

        Raises:
            _MetersChanged: they have changed.
        """
        if self._version not in (None, version):
            self._intakes, self._version = {}, None
            raise _MetersChanged

    def of_types(self, types: set[str]) -> tuple[Meter, ...]:
        """Return the meters of some types."""
        return tuple(meter for of_type in types if of_type in self._intakes for meter in self._intakes[of_type].meters)

    def intake(self, of_type: str) -> Intake | None:
        """Return what the meters of a type ask; None where there are none."""
        return self._intakes.get(of_type)


class _KnownSubjects:
    """Who is meant by subjects, all forgotten after a second; who is not known is asked for every time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._known: dict[str, Subject] = {}
        self._since = seconds()

    def look_up(self, engine: Engine, subjects: set[str]) -> None:
        """Find out who is meant by subjects that are not known yet."""
        now = self._seconds()
        if now - self._since >= STALE_SECONDS or len(self._known) > MOST_SUBJECTS:
            self._known, self._since = {}, now
        missing = subjects - self._known.keys()
        if missing:
            with engine.read() as tx:
                self._known |= tx.subjects.find_many(missing)

    def find(self, subject: str) -> Subject | None:
        """Return who is meant by a subject that was looked up; None where nobody is."""
        return self._known.get(subject)


class _Times:
    """What time it is for each customer, and from when until when events of a type are taken then."""

    def __init__(self, tx: UnitOfWork, now: datetime) -> None:
        self._tx = tx
        self._real_time = now
        self._times: dict[str, datetime] = {}
        self._spans: dict[tuple[str, str | None], tuple[datetime, Span]] = {}

    def of(self, of_type: str, intake: Intake, clock_id: str | None) -> tuple[datetime, Span]:
        """Return the present instant by a clock, and the span of the events of a type."""
        found = self._spans.get((of_type, clock_id))
        if found is None:
            at = self._time_by(clock_id)
            found = self._spans[of_type, clock_id] = (at, intake.span(at))
        return found

    def _time_by(self, clock_id: str | None) -> datetime:
        if clock_id is None:
            return self._real_time
        if clock_id not in self._times:
            self._times[clock_id] = self._tx.clocks.time_of(clock_id)
        return self._times[clock_id]
