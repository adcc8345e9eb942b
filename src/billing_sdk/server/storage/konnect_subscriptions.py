"""Pages of agreements as the Konnect door lists subscriptions, filtered and sorted by the database.

A change that is planned is a subscription of its own, which begins later. There are few of them, so they are read as a
whole and put in their places.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, or_, select

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.storage.agreed import agreement_from_row
from billing_sdk.server.storage.agreements import IS_LIVE
from billing_sdk.server.storage.conditions import Condition, clause_of
from billing_sdk.server.storage.konnect_customers import Order
from billing_sdk.server.storage.tables.billing import agreements

# A change of the numbers alone is no other subscription.
GIVES_WAY = and_(
    agreements.c.pending_change.is_not(None),
    func.coalesce(cast(agreements.c.pending_change["is_alteration"].as_string(), Text), "false").not_in(("true", "1")),
)
STATUS: ColumnElement[Any] = case(
    (~IS_LIVE, "inactive"), (or_(agreements.c.cancel_at.is_not(None), GIVES_WAY), "canceled"), else_="active"
)
COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": agreements.c.id,
    "customer_id": agreements.c.customer_id,
    "status": STATUS,
    "plan_id": agreements.c.plan_version_id,
    "plan_key": agreements.c.plan_key,
    "active_from": agreements.c.started_at,
    "active_to": func.coalesce(agreements.c.ended_at, agreements.c.cancel_at),
}


def count_subscriptions(connection: Connection, conditions: Collection[Condition]) -> int:
    """Return how many agreements fulfil conditions."""
    query = select(func.count()).select_from(agreements).where(clause_of(conditions, COLUMNS))
    found: int = connection.execute(query).scalar_one()
    return found


def read_subscriptions(
    connection: Connection, conditions: Collection[Condition], order: Order, *, start: int, count: int
) -> list[Agreement]:
    """Return agreements that fulfil conditions, in an order; those without a value come last.

    Args:
        connection: the connection.
        conditions: over the names in `COLUMNS`.
        order: by `id`, `active_from` or `active_to`.
        start: how many are passed over.
        count: how many at most.
    """
    column = COLUMNS[order.field]
    sorted_by = (column.desc() if order.is_descending else column.asc()).nulls_last()
    query = select(agreements).where(clause_of(conditions, COLUMNS)).order_by(sorted_by, agreements.c.id)
    rows = connection.execute(query.limit(count).offset(start)).mappings()
    return [agreement_from_row(row) for row in rows]


def read_giving_way(connection: Connection) -> list[Agreement]:
    """Return the live agreements that are planned to give way to another plan."""
    rows = connection.execute(select(agreements).where(IS_LIVE, GIVES_WAY).order_by(agreements.c.id)).mappings()
    return [agreement_from_row(row) for row in rows]
