"""Pages of customers as the Stripe door lists them: the newest first, without those that were deleted there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, not_, select

from billing_sdk.server.storage.tables.billing import customers
from billing_sdk.server.storage.tables.stripe_door import stripe_objects

IS_DELETED = exists().where(
    stripe_objects.c.kind == "customer",
    stripe_objects.c.our_id == customers.c.id,
    stripe_objects.c.deleted_at.is_not(None),
)


@dataclass(frozen=True, slots=True)
class CustomerConditions:
    """Which customers are wanted; those on a test clock only where it is named.

    Attributes:
        created_from: made at that instant or later.
        created_before: made earlier than that.
    """

    email: str | None = None
    clock_id: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None

    @property
    def clauses(self) -> list[ColumnElement[bool]]:
        """The conditions, for a query."""
        found: list[ColumnElement[bool]] = [not_(IS_DELETED), customers.c.clock_id == self.clock_id]
        if self.email is not None:
            found.append(customers.c.billing_email == self.email.lower())
        if self.created_from is not None:
            found.append(customers.c.created_at >= self.created_from)
        if self.created_before is not None:
            found.append(customers.c.created_at < self.created_before)
        return found


def read_stripe_customers(
    connection: Connection, conditions: CustomerConditions, *, count: int, after: str | None, before: str | None
) -> list[str]:
    """Return the ids of customers, the newest first: those that follow one, or those right before another."""
    query: Any = select(customers.c.id).where(*conditions.clauses)
    if before is not None:
        rows = connection.execute(query.where(customers.c.id > before).order_by(customers.c.id).limit(count))
        return list(reversed(rows.scalars().all()))
    if after is not None:
        query = query.where(customers.c.id < after)
    return list(connection.execute(query.order_by(customers.c.id.desc()).limit(count)).scalars())
