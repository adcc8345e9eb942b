"""Whose usage has changed, and is still to be attended to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update

from billing_sdk.server.storage.tables.usage_changes import usage_changes, usage_followed
from billing_sdk.server.storage.upsert import insert_new


class CustomerChange(NamedTuple):
    """That events of a type count differently for a customer, from an instant on."""

    customer_id: str
    type: str
    since: datetime


class UsageChangeRepository:
    """Keeps whose usage has changed, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def place(self) -> int:
        """Return up to which place of the usage log everybody concerned has been noted."""
        found: int = self._connection.execute(select(usage_followed.c.place)).scalar_one()
        return found

    def lock_place(self) -> int:
        """Return it, and let nobody else follow until the transaction ends."""
        found: int = self._connection.execute(select(usage_followed.c.place).with_for_update()).scalar_one()
        return found

    def move_place(self, place: int) -> None:
        """Note how far the usage log has been followed."""
        self._connection.execute(update(usage_followed).values(place=place))

    def add(self, changes: Iterable[CustomerChange]) -> None:
        """Note whose usage has changed."""
        for change in sorted(set(changes)):
            insert_new(self._connection, usage_changes, change._asdict())

    def waiting(self, *, after: str = "", limit: int) -> tuple[str, ...]:
        """Return the ids of customers who are to be attended to, in their order."""
        query = select(usage_changes.c.customer_id).where(usage_changes.c.customer_id > after).distinct()
        rows = self._connection.execute(query.order_by(usage_changes.c.customer_id).limit(limit))
        return tuple(rows.scalars().all())

    def take(self, customer_id: str) -> dict[str, datetime]:
        """Take what is noted of a customer: since when each type of events counts differently."""
        own = usage_changes.c.customer_id == customer_id
        rows = self._connection.execute(select(usage_changes).where(own).order_by(usage_changes.c.since.desc())).all()
        if rows:
            # Not what is noted meanwhile.
            seen = usage_changes.c.since.in_({row.since for row in rows})
            self._connection.execute(delete(usage_changes).where(own, seen))
        return {row.type: row.since for row in rows}
