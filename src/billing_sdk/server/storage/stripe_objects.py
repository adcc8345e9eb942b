"""What only the Stripe door knows of things: members that the engine has no use for, metadata, and keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.storage.stripe_customers import CustomerConditions, read_stripe_customers
from billing_sdk.server.storage.tables.stripe_door import stripe_objects as table

ONE = select(table).where(table.c.kind == bindparam("kind"), table.c.our_id == bindparam("our_id"))
MANY = select(table).where(table.c.kind == bindparam("kind"), table.c.our_id.in_(bindparam("our_ids", expanding=True)))
BY_KEY = select(table).where(table.c.kind == bindparam("kind"), table.c.key == bindparam("key"))


@dataclass(frozen=True, slots=True)
class StripeObject:
    """What the door knows of a thing beside what the thing itself says.

    Attributes:
        kind: what it is, such as `customer`; each part of the door has kinds of its own.
        our_id: the thing's own id.
        key: a name that no other of the kind has, such as a lookup key; whoever is deleted gives it up.
        data: whatever else was sent, in JSON's own types.
        deleted_at: since when it is shown as deleted.
    """

    kind: str
    our_id: str
    created_at: datetime
    updated_at: datetime
    key: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    deleted_at: datetime | None = None


class StripeObjectRepository:
    """Keeps them, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, kind: str, our_id: str) -> StripeObject | None:
        """Return what is known of a thing, also of a deleted one; None where nothing is."""
        row = self._connection.execute(ONE, {"kind": kind, "our_id": our_id}).mappings().first()
        return None if row is None else _from_row(row)

    def lock(self, kind: str, our_id: str) -> StripeObject | None:
        """Return what is known of a thing, which nobody else changes until the transaction ends."""
        row = self._connection.execute(ONE.with_for_update(), {"kind": kind, "our_id": our_id}).mappings().first()
        return None if row is None else _from_row(row)

    def find_many(self, kind: str, our_ids: Collection[str]) -> dict[str, StripeObject]:
        """Return what is known of things, by their ids; one of which nothing is known is left out."""
        if not our_ids:
            return {}
        rows = self._connection.execute(MANY, {"kind": kind, "our_ids": sorted(our_ids)}).mappings()
        return {row["our_id"]: _from_row(row) for row in rows}

    def by_key(self, kind: str, key: str) -> StripeObject | None:
        """Return the one that has a key, if there is one."""
        row = self._connection.execute(BY_KEY, {"kind": kind, "key": key}).mappings().first()
        return None if row is None else _from_row(row)

    def list(self, kind: str, *, include_deleted: bool = False) -> tuple[StripeObject, ...]:
        """Return all of a kind, the oldest first."""
        query = select(table).where(table.c.kind == kind)
        if not include_deleted:
            query = query.where(table.c.deleted_at.is_(None))
        rows = self._connection.execute(query.order_by(table.c.created_at, table.c.our_id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def page_customers(
        self, conditions: CustomerConditions, *, count: int, after: str | None = None, before: str | None = None
    ) -> Sequence[str]:
        """Return the ids of customers that this door lists; see `read_stripe_customers`."""
        return read_stripe_customers(self._connection, conditions, count=count, after=after, before=before)

    def save(self, found: StripeObject) -> None:
        """Store what is known of a thing, whatever was known before.

        Raises:
            DuplicateKey: another one of the kind has the key.
        """
        values = _to_row(found)
        changed = update(table).where(table.c.kind == found.kind, table.c.our_id == found.our_id)
        try:
            with self._connection.begin_nested():
                if not self._connection.execute(changed.values(values)).rowcount:
                    self._connection.execute(insert(table), values)
        except IntegrityError:
            noun = found.kind.replace("_", " ")
            raise DuplicateKey(f"there is a {noun} with the key {found.key!r} already", key=found.key) from None

    def forget(self, kind: str, our_id: str) -> None:
        """Know nothing of a thing any more."""
        self._connection.execute(delete(table).where(table.c.kind == kind, table.c.our_id == our_id))

    def delete(self, kind: str, our_id: str, *, at: datetime) -> None:
        """Show a thing as deleted from now on, and let others have its key."""
        before = self.find(kind, our_id) or StripeObject(kind, our_id, created_at=at, updated_at=at)
        self.save(replace(before, key=None, updated_at=at, deleted_at=at))


def _to_row(found: StripeObject) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in StripeObject.__slots__}
    return {**values, "data": dict(found.data), "metadata": dict(found.metadata)}


def _from_row(row: RowMapping) -> StripeObject:
    return StripeObject(**{name: row[name] for name in StripeObject.__slots__})
