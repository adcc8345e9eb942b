"""What only the Konnect door knows of things: keys, labels, descriptions, and whether they were deleted there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.storage.conditions import Condition
from billing_sdk.server.storage.konnect_customers import CustomerPage, Order, name_of, read_customers
from billing_sdk.server.storage.konnect_subscriptions import count_subscriptions, read_giving_way, read_subscriptions
from billing_sdk.server.storage.tables.konnect import konnect_extras as table

ExtrasKind: TypeAlias = Literal[
    "addon",
    "app",
    "charge",
    "credit_adjustment",
    "credit_grant",
    "customer",
    "customer_billing",
    "defaults",
    "entitlement",
    "entitlement_grant",
    "feature",
    "meter",
    "plan",
    "plan_addon",
    "profile",
    "subject",
    "subscription",
    "subscription_addon",
    "tax_code",
]

ONE = select(table).where(table.c.kind == bindparam("kind"), table.c.our_id == bindparam("our_id"))
MANY = select(table).where(table.c.kind == bindparam("kind"), table.c.our_id.in_(bindparam("our_ids", expanding=True)))
BY_KEY = select(table).where(
    table.c.kind == bindparam("kind"), table.c.key == bindparam("key"), table.c.deleted_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Extras:
    """What this door knows of a thing beside what the thing itself says.

    Attributes:
        our_id: the thing's own id.
        key: the name that its maker gave it, unique among those of its kind that are not deleted.
        parent_id: what it belongs to.
        name: where the thing itself has none, or a shorter one.
        more: whatever else was sent, in JSON's own types.
        deleted_at: since when it is shown as deleted.
    """

    kind: ExtrasKind
    our_id: str
    created_at: datetime
    updated_at: datetime
    key: str | None = None
    parent_id: str | None = None
    name: str | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    deleted_at: datetime | None = None


class KonnectRepository:
    """Keeps extras, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, kind: ExtrasKind, our_id: str) -> Extras | None:
        """Return what is known of a thing, also of a deleted one; None where nothing is."""
        row = self._connection.execute(ONE, {"kind": kind, "our_id": our_id}).mappings().first()
        return None if row is None else _from_row(row)

    def find_many(self, kind: ExtrasKind, our_ids: Collection[str]) -> dict[str, Extras]:
        """Return what is known of things, by their ids; one of which nothing is known is left out."""
        rows = self._connection.execute(MANY, {"kind": kind, "our_ids": sorted(our_ids)}).mappings()
        return {row["our_id"]: _from_row(row) for row in rows}

    def by_key(self, kind: ExtrasKind, key: str) -> Extras | None:
        """Return the one that has a key and is not deleted, if there is one."""
        row = self._connection.execute(BY_KEY, {"kind": kind, "key": key}).mappings().first()
        return None if row is None else _from_row(row)

    def list(
        self, kind: ExtrasKind, *, parent_id: str | None = None, include_deleted: bool = False
    ) -> tuple[Extras, ...]:
        """Return all of a kind, or those that belong to one thing, the oldest first."""
        query = select(table).where(table.c.kind == kind)
        if parent_id is not None:
            query = query.where(table.c.parent_id == parent_id)
        if not include_deleted:
            query = query.where(table.c.deleted_at.is_(None))
        rows = self._connection.execute(query.order_by(table.c.created_at, table.c.our_id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def save(self, extras: Extras) -> None:
        """Store what is known of a thing, whatever was known before.

        Raises:
            DuplicateKey: another one of the kind has the key.
        """
        values = _to_row(extras)
        changed = update(table).where(table.c.kind == extras.kind, table.c.our_id == extras.our_id)
        try:
            with self._connection.begin_nested():
                if not self._connection.execute(changed.values(values)).rowcount:
                    self._connection.execute(insert(table), values)
        except IntegrityError:
            noun = extras.kind.replace("_", " ")
            raise DuplicateKey(f"there is a {noun} with the key {extras.key!r} already", key=extras.key) from None

    def delete(self, kind: ExtrasKind, our_id: str, *, at: datetime) -> None:
        """Show a thing as deleted from now on, and let others have its key."""
        before = self.find(kind, our_id) or Extras(kind, our_id, created_at=at, updated_at=at)
        self.save(replace(before, updated_at=at, deleted_at=at))

    def page_customers(
        self, conditions: Collection[Condition], order: Order, *, size: int, number: int
    ) -> CustomerPage:
        """Return a page of the customers that this door shows, and how many there are in all.

        Args:
            conditions: over `key`, `name`, `primary_email`, `usage_attribution_subject_key`, `plan_key` and
                `billing_profile_id`.
            order: by `id`, `name` or `created_at`.
            size: how many a page has.
            number: which page, from 1 on.
        """
        return read_customers(self._connection, conditions, order, size=size, number=number)

    def count_subscriptions(self, conditions: Collection[Condition]) -> int:
        """Return how many agreements fulfil conditions over the fields of subscriptions."""
        return count_subscriptions(self._connection, conditions)

    def read_subscriptions(
        self, conditions: Collection[Condition], order: Order, *, start: int, count: int
    ) -> Sequence[Agreement]:
        """Return agreements that fulfil conditions, in an order, from a place on; see `read_subscriptions`."""
        return read_subscriptions(self._connection, conditions, order, start=start, count=count)

    def giving_way(self) -> Sequence[Agreement]:
        """Return the live agreements that are planned to give way to another plan."""
        return read_giving_way(self._connection)

    def name_of_customer(self, customer_id: str) -> str:
        """Return the name that a customer has at this door."""
        return name_of(self._connection, customer_id)


def _to_row(extras: Extras) -> dict[str, Any]:
    values = {name: getattr(extras, name) for name in Extras.__slots__}
    return {**values, "labels": dict(extras.labels), "more": dict(extras.more)}


def _from_row(row: RowMapping) -> Extras:
    return Extras(**{name: row[name] for name in Extras.__slots__})
