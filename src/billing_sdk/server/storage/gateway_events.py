"""Events that a payment processor has sent, so that each is handled once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from billing_sdk.server.storage.tables.gateways import gateway_events
from billing_sdk.server.storage.upsert import insert_new


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """One event of an app's account.

    Attributes:
        object_id: of what it is about, which is fetched again before anything changes here.
        created_at: when it happened there.
        received_at: when it first arrived.
        handled_at: since when nothing is left to do about it.
        outcome: what was done.
        attempts: how often it was begun with.
    """

    app_id: str
    event_id: str
    type: str
    object_id: str | None
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None = None
    outcome: str | None = None
    attempts: int = 0


class GatewayEventRepository:
    """Keeps events, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, event: GatewayEvent) -> GatewayEvent:
        """Return an event as it stands, kept if it is new, with an attempt more; nobody else has it meanwhile."""
        values = {name: getattr(event, name) for name in GatewayEvent.__slots__}
        insert_new(self._connection, gateway_events, values)
        mine = (gateway_events.c.app_id == event.app_id, gateway_events.c.event_id == event.event_id)
        self._connection.execute(update(gateway_events).where(*mine).values(attempts=gateway_events.c.attempts + 1))
        return _from_row(self._connection.execute(select(gateway_events).where(*mine)).mappings().one())

    def list(self, app_id: str) -> tuple[GatewayEvent, ...]:
        """Return the events of an app, in the order in which they arrived."""
        query = select(gateway_events).where(gateway_events.c.app_id == app_id)
        query = query.order_by(gateway_events.c.received_at, gateway_events.c.created_at, gateway_events.c.event_id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def done(self, event: GatewayEvent, outcome: str, at: datetime) -> None:
        """Say that nothing is left to do about an event."""
        mine = (gateway_events.c.app_id == event.app_id, gateway_events.c.event_id == event.event_id)
        self._connection.execute(update(gateway_events).where(*mine).values(handled_at=at, outcome=outcome))

    def unhandled(self, *, before: datetime, limit: int) -> tuple[GatewayEvent, ...]:
        """Return events that arrived before an instant and were not handled, the oldest first."""
        query = (
            select(gateway_events)
            .where(gateway_events.c.handled_at.is_(None), gateway_events.c.received_at < before)
            .order_by(gateway_events.c.received_at, gateway_events.c.event_id)
            .limit(limit)
        )
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())


def _from_row(row: RowMapping) -> GatewayEvent:
    return GatewayEvent(**{name: row[name] for name in GatewayEvent.__slots__})
