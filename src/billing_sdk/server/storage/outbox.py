"""Events, written in the transaction that causes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Event, EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.tables.outbox import deliveries, endpoints, event_counters, events

PAGE = 100
LISTENING = select(endpoints.c.id, endpoints.c.event_types).where(endpoints.c.is_enabled)


def _counting(inserted: postgresql.Insert | sqlite.Insert) -> Executable:
    further = event_counters.c.last_sequence + inserted.excluded.last_sequence
    return inserted.on_conflict_do_update(
        index_elements=[event_counters.c.customer_id], set_={"last_sequence": further}
    ).returning(event_counters.c.last_sequence)


COUNT = {
    "postgresql": _counting(postgresql.insert(event_counters)),
    "sqlite": _counting(sqlite.insert(event_counters)),
}


class OutboxRepository:
    """Keeps events, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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
        found = self._numbered([Event(new_id("event"), type_, source, at, data) for type_ in types], customer)
        rows = [
            {
                "id": event.id,
                "type": event.type,
                "source": event.source,
                "occurred_at": event.occurred_at,
                "customer_id": event.customer_id,
                "sequence": event.sequence,
                "data": event.data,
            }
            for event in found
        ]
        self._connection.execute(insert(events), rows)
        self._queue(found, self._real_time(customer, at))
        self.has_news = True
        return tuple(event.id for event in found)

    def get(self, event_id: str) -> Event:
        """Return an event.

        Raises:
            NotFound: there is no such event.
        """
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
        query = select(events).order_by(events.c.position.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def _position(self, event_id: str) -> int:
        position = self._connection.execute(select(events.c.position).where(events.c.id == event_id)).scalar()
        if position is None:
            raise NotFound(f"there is no event {event_id[:64]!r}")
        return int(position)

    def _numbered(self, found: Sequence[Event], customer: Customer | None) -> Sequence[Event]:
        if customer is None:
            return found
        owner = {"customer_id": customer.id, "user_id": customer.user_id, "org_code": customer.org_code}
        first = self._count(customer.id, len(found)) - len(found) + 1
        return [
            replace(
                event,
                data={**event.data, **owner, "sequence": sequence},
                customer_id=customer.id,
                sequence=sequence,
            )
            for sequence, event in enumerate(found, start=first)
        ]

    def _enabled(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the endpoints that hear of events, as they are when the transaction first has one for them."""
        if self._listening is None:
            self._listening = [(found.id, found.event_types) for found in self._connection.execute(LISTENING)]
        return self._listening

    def _count(self, customer_id: str, further: int) -> int:
        """Count on; the row stays locked until the transaction ends, so no number is lost or given twice."""
        first = {"customer_id": customer_id, "last_sequence": further}
        return int(self._connection.execute(COUNT[self._connection.dialect.name], first).scalar_one())

    def _real_time(self, customer: Customer | None, at: datetime) -> datetime:
        """Return the present in real time, which `at` is where nobody on a test clock is concerned."""
        if self.now is not None:
            return self.now()
        if customer is not None and customer.clock_id is not None:
            raise RuntimeError("an event of a customer on a test clock needs a transaction that knows real time")
        return at

    def _queue(self, found: Sequence[Event], at: datetime) -> None:
        rows = [
            {
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
            for event in found
            for endpoint_id, event_types in self._enabled()
            if event.type in event_types
        ]
        if rows:
            self._connection.execute(insert(deliveries), rows)


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
