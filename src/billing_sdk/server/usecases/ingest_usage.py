"""Ingest usage: record what applications report, each event once for ever, whoever sends it how often.

Nothing is answered before it is durable. One bad event never loses the others: it gets an error of its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from billing_sdk.errors import BillingError, EventConflict, UnknownMeter, UnknownSubject
from billing_sdk.server.domain.metering import (
    UNREAD,
    Intake,
    MeasuredEvent,
    Meter,
    Recorded,
    Span,
    UsageEvent,
    kept,
    received,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.outages import is_outage
from billing_sdk.server.storage.subjects import Subject
from billing_sdk.server.storage.usage_stores import UsageLog
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.group_commit import GroupCommit
from billing_sdk.server.usecases.incoming_events import IncomingEvent

# For so long may a subject be taken for known that has gone.
STALE_SECONDS = 1.0
MOST_SUBJECTS = 100_000
# So many are looked up again together.
MOST_AGAIN = 2_000

Answer = Recorded | BillingError


class Taken(NamedTuple):
    """What the meters of a type ask of its events, from when until when events are taken, and what time it is."""

    intake: Intake
    span: Span
    at: datetime


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
                self._meters.find_out(self._engine, types)
                # Before the transaction, so that others can write meanwhile.
                found = self._measured(events)
                return self._recorded(found, self._meters.of_types(types))

    def _recorded(self, found: Sequence[MeasuredEvent | BillingError], meters: Collection[Meter]) -> list[Answer]:
        good = [one for one in found if isinstance(one, MeasuredEvent)]
        if not good:
            return [one for one in found if isinstance(one, BillingError)]
        with self._recording() as (tx, log):
            recorded = log.append(good, meters)
            # Whoever appends is alone, and so is whoever counts past events for a new meter: one of them sees the
            # other's work. It is asked last, since what was asked before this one was alone might have changed.
            self._meters.require(self._version(tx))
            return _answers(found, recorded)

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

    def _measured(self, events: Sequence[IncomingEvent]) -> list[MeasuredEvent | BillingError]:
        now = self._engine.now()
        intakes, subjects = self._meters.intakes, self._subjects.known
        present = {of_type: Taken(intake, intake.span(now), now) for of_type, intake in intakes.items()}
        times = _Times(self._engine)
        found: list[MeasuredEvent | BillingError] = []
        for event in events:
            taken, subject = present.get(event.type), subjects.get(event.subject)
            try:
                if taken is None or subject is None or subject.clock_id is not None:
                    taken = times.taken(event, taken, subject)
                intake, span, at = taken
                found.append(received(event, intake, span, at))
            except BillingError as error:
                found.append(_kept(event, taken, now) if event.is_kept else error)
        return found


def _kept(event: IncomingEvent, taken: Taken | None, now: datetime) -> MeasuredEvent | BillingError:
    """Return an event with which something is wrong as it is kept, or why it can't be."""
    try:
        return kept(event, UNREAD, now) if taken is None else kept(event, taken.intake, taken.at)
    except BillingError as error:
        return error


def _answers(found: Sequence[MeasuredEvent | BillingError], recorded: list[Recorded]) -> list[Answer]:
    if len(recorded) == len(found) and "conflict" not in {one.outcome for one in recorded}:
        return [*recorded]
    rest = iter(recorded)
    return [one if isinstance(one, BillingError) else _answer(one.event, next(rest)) for one in found]


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
        self.intakes: dict[str, Intake] = {}
        self._version: object = None

    def find_out(self, engine: Engine, types: set[str]) -> None:
        """Read the meters of those types that are not known; a type that has none is asked for every time."""
        missing = types - self.intakes.keys()
        if not missing:
            return
        by_type = defaultdict(list)
        with engine.read() as tx:
            if self._version is None:
                self._version = tx.meters.version()
            for meter in tx.meters.of_type(missing):
                by_type[meter.event_type].append(meter)
        self.intakes |= {of_type: Intake.of(meters) for of_type, meters in by_type.items()}

    def require(self, version: object) -> None:
        """Check that meters are as they are known, and forget them where they are not.

        Raises:
            _MetersChanged: they have changed.
        """
        if self._version not in (None, version):
            self.intakes, self._version = {}, None
            raise _MetersChanged

    def of_types(self, types: set[str]) -> tuple[Meter, ...]:
        """Return the meters of some types."""
        return tuple(meter for of_type in types if of_type in self.intakes for meter in self.intakes[of_type].meters)


class _KnownSubjects:
    """Who is meant by subjects, all forgotten after a second; who is not known is asked for every time.

    Those of the last second are likely to come again, and are looked up at once: for each few of them it would take a
    question of its own, in one commit after the other.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.known: dict[str, Subject] = {}
        self._of_late: set[str] = set()
        self._since = seconds()

    def look_up(self, engine: Engine, subjects: set[str]) -> None:
        """Find out who is meant by subjects that are not known yet."""
        asked = subjects
        now = self._seconds()
        if now - self._since >= STALE_SECONDS or len(self.known) > MOST_SUBJECTS:
            if len(self._of_late) <= MOST_AGAIN:
                subjects = subjects | self._of_late
            self.known, self._of_late, self._since = {}, set(), now
        known = self.known
        missing = {subject for subject in subjects if subject not in known}
        if missing:
            with engine.read() as tx:
                self.known |= tx.subjects.find_reporting(missing)
        self._of_late |= asked


class _Times:
    """What is taken of events that are of no known type, of nobody who is known, or of customers with another time.

    Args:
        engine: reads clocks.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._times: dict[str, datetime] = {}

    def taken(self, event: IncomingEvent, present: Taken | None, subject: Subject | None) -> Taken:
        """Return what is taken for an event.

        Args:
            event: the event.
            present: what is taken of its type in real time; None where nothing counts it.
            subject: who is meant; None is nobody.

        Raises:
            UnknownMeter: nothing counts events of its type.
            UnknownSubject: nobody goes by its subject, and no meter keeps it for who comes later.
        """
        if present is None:
            raise UnknownMeter(f"no meter counts events of the type {event.type[:64]!r}")
        if subject is None:
            if present.intake.keeps_unknown:
                return present
            raise UnknownSubject(f"nobody goes by {event.subject[:64]!r}")
        if subject.clock_id is None:
            return present
        at = self._time_by(subject.clock_id)
        return Taken(present.intake, present.intake.span(at), at)

    def _time_by(self, clock_id: str) -> datetime:
        if clock_id not in self._times:
            with self._engine.read() as tx:
                self._times[clock_id] = tx.clocks.time_of(clock_id)
        return self._times[clock_id]
