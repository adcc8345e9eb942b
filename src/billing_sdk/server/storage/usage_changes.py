"""Whose usage has changed, and is still to be attended to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Select, delete, func, select, update

from billing_sdk.server.storage.tables.usage_changes import usage_changes, usage_followed
from billing_sdk.server.storage.upsert import insert_new


class CustomerChange(NamedTuple):
    """That events of a type count differently for a customer, from an instant on."""

    customer_id: str
    type: str
    since: datetime


def _place_in(store_number: int) -> Select[int]:
    return select(usage_followed.c.place).where(usage_followed.c.id == store_number)


class UsageChangeRepository:
    """Keeps whose usage has changed, in the transaction of its connection."""

    def __init__(self, connection: Connection, store_number: int) -> None:
        self._connection = connection
        self._store_number = store_number
        self._noted: dict[str, dict[str, datetime] | None] = {}
        self._place: int | None = None

    def look_ahead(self, customer_id: str) -> None:
        """Read what is noted of a customer once, for all types of events; the transaction follows nothing."""
        self._noted[customer_id] = None

    def place(self, store_number: int | None = None) -> int:
        """Return up to which place of the usage log, or that of another store, everybody concerned has been noted."""
        if store_number is None and self._place is not None:
            return self._place
        number = self._store_number if store_number is None else store_number
        place: int = self._connection.execute(_place_in(number)).scalar() or 0
        if store_number is None and self._noted:
            self._place = place
        return place

    def lock_place(self) -> int:
        """Return it, and let nobody else follow until the transaction ends."""
        insert_new(self._connection, usage_followed, {"id": self._store_number, "place": 0})
        found: int = self._connection.execute(_place_in(self._store_number).with_for_update()).scalar_one()
        return found

    def move_place(self, place: int, *, store_number: int | None = None) -> None:
        """Note how far the usage log, or that of another store, has been followed."""
        number = self._store_number if store_number is None else store_number
        insert_new(self._connection, usage_followed, {"id": number, "place": place})
        self._connection.execute(update(usage_followed).where(usage_followed.c.id == number).values(place=place))

    def add(self, changes: Iterable[CustomerChange]) -> None:
        """Note whose usage has changed."""
        for change in sorted(set(changes)):
            insert_new(self._connection, usage_changes, change._asdict())

    def waiting(self, *, after: str = "", limit: int) -> tuple[str, ...]:
        """Return the ids of customers who are to be attended to, in their order."""
        query = select(usage_changes.c.customer_id).where(usage_changes.c.customer_id > after).distinct()
        rows = self._connection.execute(query.order_by(usage_changes.c.customer_id).limit(limit))
        return tuple(rows.scalars().all())

    def noted_since(self, customer_id: str, type_: str) -> datetime | None:
        """Return since when events of a type count differently for a customer, as far as that is noted."""
        if customer_id in self._noted:
            noted = self._noted[customer_id]
            if noted is None:
                noted = self._noted[customer_id] = self._noted_of(customer_id)
            return noted.get(type_)
        mine = (usage_changes.c.customer_id == customer_id, usage_changes.c.type == type_)
        found: datetime | None = self._connection.execute(select(func.min(usage_changes.c.since)).where(*mine)).scalar()
        return found

    def _noted_of(self, customer_id: str) -> dict[str, datetime]:
        query = select(usage_changes.c.type, func.min(usage_changes.c.since).label("since"))
        query = query.where(usage_changes.c.customer_id == customer_id).group_by(usage_changes.c.type)
        return {row.type: row.since for row in self._connection.execute(query)}

    def take(self, customer_id: str) -> dict[str, datetime]:
        """Take what is noted of a customer: since when each type of events counts differently."""
        # In one statement, before anything is looked at: what is noted from now on waits, and is noted anew.
        taken = delete(usage_changes).where(usage_changes.c.customer_id == customer_id)
        found: dict[str, datetime] = {}
        for row in self._connection.execute(taken.returning(usage_changes.c.type, usage_changes.c.since)):
            found[row.type] = min(row.since, found.get(row.type, row.since))
        return found
