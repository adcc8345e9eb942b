"""Webhook endpoints, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.events import DisabledReason, Endpoint
from billing_sdk.server.storage.tables import Instant
from billing_sdk.server.storage.tables.outbox import endpoints


class EndpointRepository:
    """Keeps endpoints, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, endpoint: Endpoint) -> None:
        """Store a new endpoint."""
        self._connection.execute(insert(endpoints).values(_to_row(endpoint)))

    def save(self, endpoint: Endpoint) -> None:
        """Store an endpoint that has changed."""
        self._connection.execute(update(endpoints).where(endpoints.c.id == endpoint.id).values(_to_row(endpoint)))

    def note_success(self, endpoint_id: str) -> None:
        """End an endpoint's run of failures."""
        failing = (endpoints.c.id == endpoint_id) & endpoints.c.failing_since.is_not(None)
        self._connection.execute(update(endpoints).where(failing).values(failing_since=None))

    def note_failure(self, endpoint_id: str, *, at: datetime) -> datetime:
        """Begin an endpoint's run of failures if it has none, and return when the run began."""
        since = func.coalesce(endpoints.c.failing_since, at, type_=Instant)
        noted = update(endpoints).where(endpoints.c.id == endpoint_id).values(failing_since=since)
        found = self._connection.execute(noted.returning(endpoints.c.failing_since)).scalar()
        return at if found is None else found

    def disable(self, endpoint_id: str, reason: DisabledReason) -> None:
        """Send an endpoint nothing more until it is enabled again."""
        named = endpoints.c.id == endpoint_id
        self._connection.execute(update(endpoints).where(named).values(is_enabled=False, disabled_reason=reason))

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint together with all that waits for it.

        Raises:
            NotFound: there is no such endpoint.
        """
        if not self._connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id)).rowcount:
            raise NotFound(f"there is no endpoint {endpoint_id[:64]!r}")

    def get(self, endpoint_id: str) -> Endpoint:
        """Return an endpoint.

        Raises:
            NotFound: there is no such endpoint.
        """
        row = self._connection.execute(select(endpoints).where(endpoints.c.id == endpoint_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no endpoint {endpoint_id[:64]!r}")
        return _from_row(row)

    def lock(self, endpoint_id: str) -> Endpoint:
        """Return an endpoint that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such endpoint.
        """
        held = select(endpoints.c.id).where(endpoints.c.id == endpoint_id).with_for_update(key_share=True)
        self._connection.execute(held)
        return self.get(endpoint_id)

    def find_by_url(self, url: str) -> Endpoint | None:
        """Return the oldest endpoint with this address."""
        query = select(endpoints).where(endpoints.c.url == url).order_by(endpoints.c.id).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def list(self) -> tuple[Endpoint, ...]:
        """Return all endpoints, the oldest first."""
        rows = self._connection.execute(select(endpoints).order_by(endpoints.c.id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def count_alone(self) -> int:
        """Return how many endpoints there are; nobody else adds one until this transaction ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE"))
        return self._connection.execute(select(func.count()).select_from(endpoints)).scalar_one()


def _to_row(endpoint: Endpoint) -> Mapping[str, Any]:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "description": endpoint.description,
        "url": endpoint.url,
        "event_types": list(endpoint.event_types),
        "is_enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "created_at": endpoint.created_at,
    }


def _from_row(row: RowMapping) -> Endpoint:
    return Endpoint(**{**row, "event_types": tuple(row["event_types"])})
