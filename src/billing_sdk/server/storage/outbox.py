"""Events, written in the transaction that causes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, select
from sqlalchemy.dialects import postgresql, sqlite

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Event, EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.tables.outbox import deliveries, endpoints, event_counters, events

PAGE = 100
LISTENING = select(endpoints.c.id, endpoints.c.event_types).where(endpoints.c.is_enabled)


def _counting(inserted: postgresql.Insert | sqlite.Insert) -> Executable:
    further = event_counters.c.last_sequence + inserted.excluded.last_sequence
    return inserted.on_conflict_do_update(
        index_elements=[event_counters.c.customer_id], set_={"last_sequence": further}
    ).returning(event_counters.c.customer_id, event_counters.c.last_sequence)


COUNT = {
    "postgresql": _counting(postgresql.insert(event_counters)),
    "sqlite": _counting(sqlite.insert(event_counters)),
}


@dataclass(frozen=True, slots=True)
class _Unwritten:
    event: Event
    customer: Customer | None
    queued_at: datetime


class OutboxRepository:
    """Keeps events, in the transaction of its connection."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later
        self._unwritten: list[_Unwritten] = []
        self.has_news = False
        self.now: Callable[[], datetime] | None = None
        self._listening: Sequence[tuple[str, Sequence[str]]] | None = None

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
        return tuple(event.id for event in found)

    def get(self, event_id: str) -> Event:
        """Return an event.

        Raises:
            NotFound: there is no such event.
        """
        self._later.flush()
        row = self._connection.execute(select(events).where(events.c.id == event_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no event {event_id[:64]!r}")
        return _from_row(row)

    def list(
        self,
        *,
        after: str | None = None,
        customer_id: str | None = None,
        types: Sequence[str] = (),
        limit: int = PAGE,
    ) -> tuple[Event, ...]:
        """Return events in the order in which they were written.

        Args:
            after: the id of an event; only later ones are returned.
            customer_id: only this customer's.
            types: only these types; empty means all.
            limit: how many at most.

        Raises:
            NotFound: there is no event `after`.
        """
        self._later.flush()
        query = select(events).order_by(events.c.position).limit(limit)
        if after is not None:
            query = query.where(events.c.position > self._position(after))
        if customer_id is not None:
            query = query.where(events.c.customer_id == customer_id)
        if types:
            query = query.where(events.c.type.in_(types))
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def latest(self) -> Event | None:
        """Return the event that was written last."""
        self._later.flush()
        query = select(events).order_by(events.c.position.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def _position(self, event_id: str) -> int:
        position = self._connection.execute(select(events.c.position).where(events.c.id == event_id)).scalar()
        if position is None:
            raise NotFound(f"there is no event {event_id[:64]!r}")
        return int(position)

    def _write(self) -> None:
        """Number the events of each customer in the order in which they were announced, and have them written."""
        unwritten, self._unwritten = self._unwritten, []
        last = self._count(Counter(one.customer.id for one in unwritten if one.customer is not None))
        for one in unwritten:
            event = one.event
            if one.customer is not None:
                last[one.customer.id] += 1
                event = _numbered(event, one.customer, last[one.customer.id])
            self._later.insert(events, _to_row(event))
            self._queue(event, one.queued_at)

    def _enabled(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the endpoints that hear of events, as they are when the transaction first writes one for them."""
        if self._listening is None:
            self._listening = [(found.id, found.event_types) for found in self._connection.execute(LISTENING)]
        return self._listening

    def _count(self, further: Counter[str]) -> dict[str, int]:
        """Count on, and return how far each customer's count was.

        The rows stay locked until the transaction ends, so no number is lost or given twice. All transactions lock
        them in one order, so none waits for another that waits for it.
        """
        if not further:
            return {}
        rows = [{"customer_id": customer, "last_sequence": further[customer]} for customer in sorted(further)]
        counted = self._connection.execute(COUNT[self._connection.dialect.name], rows)
        return {row.customer_id: row.last_sequence - further[row.customer_id] for row in counted}

    def _real_time(self, customer: Customer | None, at: datetime) -> datetime:
        """Return the present in real time, which `at` is where nobody on a test clock is concerned."""
        if self.now is not None:
            return self.now()
        if customer is not None and customer.clock_id is not None:
            raise RuntimeError("an event of a customer on a test clock needs a transaction that knows real time")
        return at

    def _queue(self, event: Event, at: datetime) -> None:
        for endpoint_id, event_types in self._enabled():
            if event.type in event_types:
                row = {
                    "id": new_id("delivery"),
                    "endpoint_id": endpoint_id,
                    "event_id": event.id,
                    "customer_id": event.customer_id,
                    "sequence": event.sequence,
                    "status": "waiting",
                    "attempts": 0,
                    "queued_at": at,
                    "due_at": at,
                    "last_answer": "",
                }
                self._later.insert(deliveries, row)


def _numbered(event: Event, customer: Customer, sequence: int) -> Event:
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
    }


def _from_row(row: RowMapping) -> Event:
    return Event(
        id=row["id"],
        type=row["type"],
        source=row["source"],
        occurred_at=row["occurred_at"],
        data=row["data"],
        customer_id=row["customer_id"],
        sequence=row["sequence"],
    )
