"""Operators: the people who may use the dashboard of the workspace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from billing_sdk.server.storage.tables.operators import operators
from billing_sdk.server.storage.upsert import insert_new


class OperatorRepository:
    """Keeps operators, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user_id: str, *, at: datetime) -> bool:
        """Make somebody an operator; tell whether they were none before."""
        return insert_new(self._connection, operators, {"user_id": user_id, "added_at": at})

    def remove(self, user_id: str) -> bool:
        """Take it from somebody; tell whether they were one."""
        return self._connection.execute(delete(operators).where(operators.c.user_id == user_id)).rowcount == 1

    def has(self, user_id: str) -> bool:
        """Tell whether somebody is an operator."""
        query = select(operators.c.user_id).where(operators.c.user_id == user_id)
        return self._connection.execute(query).first() is not None

    def count(self) -> int:
        """Return how many there are."""
        return int(self._connection.execute(select(func.count()).select_from(operators)).scalar_one())

    def list(self) -> tuple[str, ...]:
        """Return their ids, the first who was added first."""
        query = select(operators.c.user_id).order_by(operators.c.added_at, operators.c.user_id)
        return tuple(self._connection.execute(query).scalars())
