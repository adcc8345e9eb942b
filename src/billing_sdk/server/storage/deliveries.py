"""Deliveries: the queue between events and endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.events import Delivery, DeliveryStatus, Event, EventForm
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.tables.outbox import deliveries, endpoints

PAGE = 100


class DeliveryRepository:
    """Keeps deliveries, in the transaction of its connection."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later

    def has_due(self, at: datetime, *, formats: Sequence[EventForm]) -> bool:
        """Tell whether a claim might find something."""
        return bool(self._connection.execute(select(exists().where(_has_work(at, formats)))).scalar())

    def claim(
        self, *, at: datetime, lease: str, lease_ends_at: datetime, limit_each: int, formats: Sequence[EventForm]
    ) -> tuple[Delivery, ...]:
        """Take what is due, for as long as the lease runs; two processes never hold the same delivery.

        Of each customer only the earliest waiting event of an endpoint is taken, so that the order is kept.

        Args:
            at: the present.
            lease: a new name for this claim.
            lease_ends_at: when others may take over what was not settled by then.
            limit_each: how many may be under way to one endpoint at a time.
            formats: those that this process can write.
        """
        claimed: list[Delivery] = []
        for endpoint_id in self._lock_endpoints_with_work(at, formats):
            free = limit_each - self._count_under_way(endpoint_id, at)
            claimed.extend(self._take(endpoint_id, at, lease, lease_ends_at, free) if free > 0 else ())
        return tuple(claimed)

    def settle(self, delivery: Delivery, *, lease: str) -> bool:
        """Store the outcome of an attempt; False where the lease has passed to another claim, which then decides."""
        held = and_(deliveries.c.id == delivery.id, deliveries.c.lease == lease)
        return bool(self._connection.execute(update(deliveries).where(held).values(_to_row(delivery))).rowcount)

    def queue(self, event: Event, endpoint_id: str, *, at: datetime) -> Delivery:
        """Put an event in an endpoint's queue, once more if it was there before: the `webhook-id` stays the same."""
        self._later.flush()
        old = self._find(and_(deliveries.c.event_id == event.id, deliveries.c.endpoint_id == endpoint_id))
        delivery = Delivery(
            id=old.id if old else new_id("delivery"),
            endpoint_id=endpoint_id,
            event_id=event.id,
            status="waiting",
            attempts=0,
            due_at=at,
            queued_at=at,
        )
        if old:
            self._connection.execute(update(deliveries).where(deliveries.c.id == old.id).values(_to_row(delivery)))
        else:
            stream = {"customer_id": event.customer_id, "sequence": event.sequence}
            self._connection.execute(insert(deliveries).values(**stream, **_to_row(delivery)))
        return delivery

    def restart(self, endpoint_id: str, status: DeliveryStatus, *, at: datetime) -> int:
        """Give an endpoint's deliveries of one status a whole new schedule that begins now; return how many."""
        self._later.flush()
        named = and_(deliveries.c.endpoint_id == endpoint_id, deliveries.c.status == status)
        restarted = update(deliveries).where(named).values(status="waiting", attempts=0, queued_at=at, due_at=at)
        return self._connection.execute(restarted).rowcount

    def get(self, delivery_id: str) -> Delivery:
        """Return a delivery.

        Raises:
            NotFound: there is no such delivery.
        """
        delivery = self._find(deliveries.c.id == delivery_id)
        if delivery is None:
            raise NotFound(f"there is no delivery {delivery_id[:64]!r}")
        return delivery

    def list(
        self,
        *,
        endpoint_id: str | None = None,
        event_id: str | None = None,
        status: DeliveryStatus | None = None,
        older_than: str | None = None,
        limit: int = PAGE,
    ) -> tuple[Delivery, ...]:
        """Return deliveries, the newest first, or those before one; status `dead` gives the dead letters."""
        self._later.flush()
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if older_than is not None:
            query = query.where(deliveries.c.id < older_than)
        wanted = {"endpoint_id": endpoint_id, "event_id": event_id, "status": status}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(deliveries.c[name] == value)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def count_dead(self, *, most: int) -> dict[str, int]:
        """Return how many dead letters there are of each endpoint that has any, up to where counting stops."""
        self._later.flush()
        dead = select(deliveries.c.id).where(deliveries.c.endpoint_id == endpoints.c.id, deliveries.c.status == "dead")
        counted = dead.limit(most).correlate(endpoints).subquery()
        number = select(func.count()).select_from(counted).scalar_subquery()
        rows = self._connection.execute(select(endpoints.c.id, number.label("number")))
        return {row.id: row.number for row in rows if row.number}

    def _lock_endpoints_with_work(self, at: datetime, formats: Sequence[EventForm]) -> tuple[str, ...]:
        """Lock the endpoints that something is due for, without those that another process is looking at.

        The lock makes counting and taking one step. It is the weak kind that lets announcements refer to the
        endpoint meanwhile. SQLite has one writer at a time and needs none.
        """
        query = select(endpoints.c.id).where(_has_work(at, formats)).order_by(endpoints.c.id)
        return tuple(self._connection.execute(query.with_for_update(key_share=True, skip_locked=True)).scalars())

    def _count_under_way(self, endpoint_id: str, at: datetime) -> int:
        under_way = and_(
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.status == "waiting",
            deliveries.c.lease_ends_at > at,
        )
        return self._connection.execute(select(func.count()).select_from(deliveries).where(under_way)).scalar_one()

    def _take(
        self, endpoint_id: str, at: datetime, lease: str, lease_ends_at: datetime, limit: int
    ) -> tuple[Delivery, ...]:
        earlier = deliveries.alias("earlier")
        is_blocked = exists().where(
            earlier.c.endpoint_id == deliveries.c.endpoint_id,
            earlier.c.status == "waiting",
            earlier.c.customer_id == deliveries.c.customer_id,
            earlier.c.sequence < deliveries.c.sequence,
        )
        heads = (
            select(deliveries.c.id)
            .where(deliveries.c.endpoint_id == endpoint_id, _is_due(at), ~is_blocked)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(limit)
        )
        taken = (
            update(deliveries)
            .where(deliveries.c.id.in_(heads.scalar_subquery()), _is_due(at))
            .values(lease=lease, lease_ends_at=lease_ends_at)
            .returning(*deliveries.c)
        )
        return tuple(_from_row(row) for row in self._connection.execute(taken).mappings())

    def _find(self, condition: ColumnElement[bool]) -> Delivery | None:
        self._later.flush()
        row = self._connection.execute(select(deliveries).where(condition)).mappings().first()
        return None if row is None else _from_row(row)


def _has_work(at: datetime, formats: Sequence[EventForm]) -> ColumnElement[bool]:
    has_work = exists().where(deliveries.c.endpoint_id == endpoints.c.id, _is_due(at))
    return and_(endpoints.c.is_enabled, endpoints.c.format.in_(formats), has_work)


def _is_due(at: datetime) -> ColumnElement[bool]:
    is_free = or_(deliveries.c.lease_ends_at.is_(None), deliveries.c.lease_ends_at <= at)
    return and_(deliveries.c.status == "waiting", deliveries.c.due_at <= at, is_free)


def _to_row(delivery: Delivery) -> dict[str, Any]:
    """Return what is stored of a delivery that nobody is attempting: its lease is over."""
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "event_id": delivery.event_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "queued_at": delivery.queued_at,
        "due_at": delivery.due_at,
        "lease": None,
        "lease_ends_at": None,
        "last_attempt_at": delivery.last_attempt_at,
        "last_status": delivery.last_status,
        "last_answer": delivery.last_answer,
    }


def _from_row(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        event_id=row["event_id"],
        status=row["status"],
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        due_at=row["due_at"],
        lease=row["lease"],
        last_attempt_at=row["last_attempt_at"],
        last_status=row["last_status"],
        last_answer=row["last_answer"],
    )
