"""Journeys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.visits import journeys


class JourneyRepository:
    """Keeps journeys, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, journey: Journey) -> None:
        """Store a new journey."""
        self._connection.execute(insert(journeys).values(**_row(journey)))

    def save(self, journey: Journey) -> None:
        """Store how far a journey has come."""
        self._connection.execute(update(journeys).where(journeys.c.id == journey.id).values(**_row(journey)))

    def find(self, journey_id: str) -> Journey | None:
        """Return a journey, if there is one with this id."""
        row = self._connection.execute(select(journeys).where(journeys.c.id == journey_id)).mappings().first()
        return None if row is None else Journey(**row)

    def lock(self, journey_id: str) -> Journey | None:
        """Return a journey that nobody else moves until this transaction ends."""
        self._connection.execute(select(journeys.c.id).where(journeys.c.id == journey_id).with_for_update())
        return self.find(journey_id)

    def forget_expired(self, *, at: datetime) -> None:
        """Remove what is over."""
        self._connection.execute(delete(journeys).where(journeys.c.expires_at <= at))


def _row(journey: Journey) -> dict[str, object]:
    return {**row_of(journey), "parameters": dict(journey.parameters)}
