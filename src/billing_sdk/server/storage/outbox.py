"""Events, written in the transaction that causes them.

There is one queue and one order, whatever form events are written in (docs/decisions/0038). Only those in the form of
a token are numbered for their receivers; the others of a customer are sent in their order all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, RowMapping, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Event, EventForm, EventSource, Told
from billing_sdk.server.ids import new_id
from billing_sdk.server.occasion import current_occasion
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.tables.outbox import deliveries, endpoints, event_counters, events
from billing_sdk.server.storage.tables.stripe_door import stripe_objects

PAGE = 100
IS_TOKEN = events.c.form == "jwt"
LISTENING = select(endpoints.c.id, endpoints.c.format, endpoints.c.event_types, endpoints.c.api_version).where(
    endpoints.c.is_enabled
)
# What counts a customer's events of the other forms is named so.
POINTING = "pointing/"


def _counting(inserted: postgresql.Insert | sqlite.Insert) -> Executable:
    further = event_counters.c.last_sequence + inserted.excluded.last_sequence
    return inserted.on_conflict_do_update(
        index_elements=[event_counters.c.customer_id], set_={"last_sequence": further}
    ).returning(event_counters.c.customer_id, event_counters.c.last_sequence)


COUNT = {
    "postgresql": _counting(postgresql.insert(event_counters)),
    "sqlite": _counting(sqlite.insert(event_counters)),
}


class _Listener(NamedTuple):
    """An endpoint that hears of events."""

    endpoint_id: str
    form: EventForm
    types: Sequence[str]
    version: str | None

    def wants(self, form: EventForm, type_: str) -> bool:
        return self.form == form and (type_ in self.types or "*" in self.types)


@dataclass(frozen=True, slots=True)
class _Unwritten:
    event: Event
    customer: Customer | None
    queued_at: datetime
    is_for_all: bool = True

    @property
    def stream(self) -> str | None:
        """What counts it."""
        if self.customer is None:
            return None
        return self.customer.id if self.event.form == "jwt" else POINTING + self.customer.id


class OutboxRepository:
    """Keeps events, in the transaction of its connection.

    Attributes:
        heard: is told of every event in the form of a token that is announced in this transaction.
    """

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later
        self._unwritten: list[_Unwritten] = []
        self._has_pointed: bool | None = None
        self.has_news = False
        self.now: Callable[[], datetime] | None = None
        self.heard: Callable[[Event, Customer | None], None] | None = None
        self._listening: Sequence[_Listener] | None = None

    def announce(
        self,
        *,
        type: str,  # noqa: A002 - the name that the event has on the wire
        data: Mapping[str, Any],
        customer: Customer | None = None,
        source: EventSource = "user",
        at: datetime,
    ) -> str:
        """Record that something happened, and queue it for every enabled endpoint that wants to hear of it.

        Nobody hears of it unless the caller's transaction commits.

        Args:
            type: one of the event catalogue, such as `customer.plan_changed`.
            data: the full state that the event is about, in JSON values.
            customer: whose event it is; the data then carries `customer_id`, `user_id`, `org_code` and `sequence`.
            source: who caused it.
            at: when it happened, in its customer's time; it is queued in real time all the same.

        Returns:
            The id of the event.
        """
        return self.announce_each((type,), data=data, customer=customer, source=source, at=at)[0]

    def announce_each(
        self,
        types: Sequence[str],
        *,
        data: Mapping[str, Any],
        customer: Customer | None = None,
        source: EventSource = "user",
        at: datetime,
    ) -> tuple[str, ...]:
        """Record several events about the same state, in this order; the arguments are those of `announce`."""
        found = [Event(new_id("event"), type_, source, at, data) for type_ in types]
        queued_at = self._real_time(customer, at)
        self._unwritten.extend(_Unwritten(event, customer, queued_at) for event in found)
        self._later.call(self._write)
        self.has_news = True
        if self.heard is not None:
            for event in found:
                self.heard(event, customer)
        return tuple(event.id for event in found)

    def tell(
        self, told: Iterable[Told], *, customer: Customer | None = None, at: datetime, is_for_all: bool = True
    ) -> tuple[str, ...]:
        """Record events that point to a thing or show it, and queue them for the endpoints of their form.

        Args:
            told: what has happened to which things.
            customer: in whose order they are sent.
            at: when it happened, in its customer's time.
            is_for_all: whether they are queued; otherwise the caller does that for whom they are meant.

        Returns:
            The ids of the events.
        """
        queued_at = self._real_time(customer, at)
        request = _request()
        found = [
            Event(new_id("event"), one.type, "api", at, {**one.data, **request}, form=one.form, subject=one.subject)
            for one in told
        ]
        self._unwritten.extend(_Unwritten(event, customer, queued_at, is_for_all) for event in found)
        self._later.call(self._write)
        self.has_news = True
        return tuple(event.id for event in found)

    @property
    def is_pointed_to(self) -> bool:
        """Whether anybody may want events that point to things: the door to which they belong has been used."""
        if current_occasion().is_pointed_to:
            return True
        if self._has_pointed is None:
            has_endpoint = exists().where(endpoints.c.format != "jwt")
            has_thing = exists(select(stripe_objects.c.our_id))
            self._has_pointed = bool(self._connection.execute(select(or_(has_endpoint, has_thing))).scalar())
        return self._has_pointed

    def get(self, event_id: str, *forms: EventForm) -> Event:
        """Return an event, of whatever form or of one of some.

        Raises:
            NotFound: there is no such event.
        """
        self._later.flush()
        row = self._connection.execute(select(events).where(events.c.id == event_id)).mappings().first()
        if row is None or (forms and row["form"] not in forms):
            raise NotFound(f"there is no event {event_id[:64]!r}")
        return event_from_row(row)

    def list_of(self, event_ids: Collection[str]) -> dict[str, Event]:
        """Return some events by their ids."""
        self._later.flush()
        rows = self._connection.execute(select(events).where(events.c.id.in_(event_ids))).mappings()
        return {row["id"]: event_from_row(row) for row in rows}

    def last_before(self, at: datetime) -> str | None:
        """Return the id of the last event in the form of a token that was written of something before an instant."""
        self._later.flush()
        query = select(events.c.id).where(IS_TOKEN, events.c.occurred_at < at).order_by(events.c.position.desc())
        found: str | None = self._connection.execute(query.limit(1)).scalar()
        return found

    def versions_wanted(self, form: EventForm, type_: str) -> frozenset[str | None]:
        """Return in the shape of which versions of an API any endpoint wants events of a form and type."""
        return frozenset(one.version for one in self._enabled() if one.wants(form, type_))

    def list(
        self,
        *,
        after: str | None = None,
        customer_id: str | None = None,
        types: Sequence[str] = (),
        limit: int = PAGE,
    ) -> tuple[Event, ...]:
        """Return events in the form of a token, in the order in which they were written.

        Args:
            after: the id of an event; only later ones are returned.
            customer_id: only this customer's.
            types: only these types; empty means all.
            limit: how many at most.

        Raises:
            NotFound: there is no event `after`.
        """
        self._later.flush()
        query = select(events).where(IS_TOKEN).order_by(events.c.position).limit(limit)
        if after is not None:
            query = query.where(events.c.position > self._position(after))
        if customer_id is not None:
            query = query.where(events.c.customer_id == customer_id)
        if types:
            query = query.where(events.c.type.in_(types))
        return tuple(event_from_row(row) for row in self._connection.execute(query).mappings())

    def latest(self) -> Event | None:
        """Return the event in the form of a token that was written last."""
        self._later.flush()
        query = select(events).where(IS_TOKEN).order_by(events.c.position.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else event_from_row(row)

    def _position(self, event_id: str) -> int:
        position = self._connection.execute(select(events.c.position).where(events.c.id == event_id)).scalar()
        if position is None:
            raise NotFound(f"there is no event {event_id[:64]!r}")
        return int(position)

    def _write(self) -> None:
        """Number the events of each customer in the order in which they were announced, and have them written."""
        unwritten, self._unwritten = self._unwritten, []
        last = self._count(Counter(one.stream for one in unwritten if one.stream is not None))
        for one in unwritten:
            event, number = one.event, None
            if one.stream is not None and one.customer is not None:
                last[one.stream] += 1
                number = last[one.stream]
                event = _numbered(event, one.customer, number)
            self._later.insert(events, {**_to_row(event), "recorded_at": one.queued_at})
            if one.is_for_all:
                self._queue(event, number, one.queued_at)

    def _enabled(self) -> Sequence[_Listener]:
        """Return the endpoints that hear of events, as they are when the transaction first writes one for them."""
        if self._listening is None:
            rows = self._connection.execute(LISTENING)
            self._listening = [_Listener(*found) for found in rows]
        return self._listening

    def _count(self, further: Counter[str]) -> dict[str, int]:
        """Count on, and return how far each count was.

        The rows stay locked until the transaction ends, so no number is lost or given twice. All transactions lock
        them in one order, so none waits for another that waits for it.
        """
        if not further:
            return {}
        rows = [{"customer_id": stream, "last_sequence": further[stream]} for stream in sorted(further)]
        counted = self._connection.execute(COUNT[self._connection.dialect.name], rows)
        return {row.customer_id: row.last_sequence - further[row.customer_id] for row in counted}

    def _real_time(self, customer: Customer | None, at: datetime) -> datetime:
        """Return the present in real time, which `at` is where nobody on a test clock is concerned."""
        if self.now is not None:
            return self.now()
        if customer is not None and customer.clock_id is not None:
            raise RuntimeError("an event of a customer on a test clock needs a transaction that knows real time")
        return at

    def _queue(self, event: Event, number: int | None, at: datetime) -> None:
        for one in self._enabled():
            if one.wants(event.form, event.type):
                row = {
                    "id": new_id("delivery"),
                    "endpoint_id": one.endpoint_id,
                    "event_id": event.id,
                    "customer_id": event.customer_id,
                    "sequence": number,
                    "status": "waiting",
                    "attempts": 0,
                    "queued_at": at,
                    "due_at": at,
                    "last_answer": "",
                }
                self._later.insert(deliveries, row)


def _request() -> dict[str, Any]:
    """Return what is kept of the request that causes an event; nothing outside of one."""
    occasion = current_occasion()
    if occasion.request_id is None:
        return {}
    return {"request": {"id": occasion.request_id, "idempotency_key": occasion.idempotency_key}}


def _numbered(event: Event, customer: Customer, sequence: int) -> Event:
    if event.form != "jwt":
        return replace(event, customer_id=customer.id)
    owner = {"customer_id": customer.id, "user_id": customer.user_id, "org_code": customer.org_code}
    data = {**event.data, **owner, "sequence": sequence}
    return replace(event, data=data, customer_id=customer.id, sequence=sequence)


def _to_row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "occurred_at": event.occurred_at,
        "customer_id": event.customer_id,
        "sequence": event.sequence,
        "data": event.data,
        "form": event.form,
        "subject": event.subject,
    }


def event_from_row(row: RowMapping) -> Event:
    """Return what a row says of an event."""
    return Event(
        id=row["id"],
        type=row["type"],
        source=row["source"],
        occurred_at=row["occurred_at"],
        data=row["data"],
        customer_id=row["customer_id"],
        sequence=row["sequence"],
        form=row["form"],
        subject=row["subject"],
    )
