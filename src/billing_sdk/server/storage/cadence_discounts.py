"""Discounts on billing cadences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from billing_sdk.server.domain.agreements import CadenceDiscount
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.intents import cadence_discounts as table


class CadenceDiscountRepository:
    """Keeps what is taken off the invoices of cadences, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rule: CadenceDiscount) -> None:
        """Store a new rule."""
        self._connection.execute(insert(table), row_of(rule))

    def remove(self, rule_id: str, *, at: datetime) -> None:
        """Let a rule end."""
        self._connection.execute(update(table).where(table.c.id == rule_id).values(removed_at=at))

    def of(self, billing_cadence_ids: Collection[str]) -> tuple[CadenceDiscount, ...]:
        """Return the rules of cadences that have not been removed, the oldest first."""
        query = select(table).where(table.c.billing_cadence_id.in_(sorted(billing_cadence_ids)))
        rows = self._connection.execute(query.where(table.c.removed_at.is_(None)).order_by(table.c.id)).mappings()
        return tuple(CadenceDiscount(**row) for row in rows)
