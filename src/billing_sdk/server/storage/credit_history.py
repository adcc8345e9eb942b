"""What has come to a customer's credit and what has gone, with what there was after each; and what was adjusted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, or_, select

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditAdjustment, CreditMovement, MovementKind
from billing_sdk.server.storage.grants import movement_from_row
from billing_sdk.server.storage.paging import newest_rows
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.credits import credit_adjustments, credit_movements

# What a charge has used whose outcome is not known, or that was declined, is on no invoice.
ON_INVOICES = ("applied", "given_back", "reinstated")
SETTLED = or_(credit_movements.c.kind.not_in(ON_INVOICES), credit_movements.c.invoice_id.is_not(None))


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement, with what the customer had in its currency once it had happened."""

    movement: CreditMovement
    after: Money

    @property
    def before(self) -> Money:
        """What the customer had before it."""
        return self.after - self.movement.amount


class CreditHistory:
    """Reads movements and keeps adjustments, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def transactions_of(
        self,
        customer_id: str,
        *,
        kinds: Collection[MovementKind],
        currencies: Collection[str],
        grant_ids: Collection[str] | None = None,
        size: int,
        after: str | None = None,
        before: str | None = None,
    ) -> tuple[Transaction, ...]:
        """Return a page of a customer's history, the newest first.

        Args:
            customer_id: whose.
            kinds: which movements are wanted; the others count for what there was all the same.
            currencies: in which.
            grant_ids: of which grants; of all by default.
            size: how many at most.
            after: the id of the movement that the page comes after: what follows is older.
            before: the id of the movement that the page ends before.
        """
        table = credit_movements
        running = func.sum(table.c.amount_minor).over(partition_by=table.c.currency, order_by=table.c.id)
        own = select(table, running.label("after_minor")).where(table.c.customer_id == customer_id).subquery()
        query = select(own).where(own.c.kind.in_(sorted(kinds)), own.c.currency.in_(sorted(currencies)))
        if grant_ids is not None:
            query = query.where(own.c.grant_id.in_(sorted(grant_ids)))
        if after is not None:
            query = query.where(own.c.id < after)
        if before is not None:
            query = query.where(own.c.id > before)
        order = own.c.id.desc() if before is None else own.c.id
        rows = self._connection.execute(query.order_by(order).limit(size)).mappings().all()
        return tuple(_transaction_from_row(row) for row in (rows if before is None else reversed(rows)))

    def told(
        self,
        customer_id: str,
        *,
        grant_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
        size: int,
    ) -> tuple[CreditMovement, ...]:
        """Return what has come to a customer's credit and gone, the newest first; what a charge holds is left out.

        Args:
            customer_id: whose.
            grant_id: of which grant, where it matters.
            after: the id of the movement that they come after: what follows is older.
            before: the id of the movement that they come before.
            size: how many at most.
        """
        columns = credit_movements.c
        query = select(credit_movements).where(columns.customer_id == customer_id, SETTLED)
        if grant_id is not None:
            query = query.where(columns.grant_id == grant_id)
        rows = newest_rows(self._connection, query, columns.id, after=after, before=before, size=size)
        return tuple(movement_from_row(row) for row in rows)

    def left_at(self, customer_id: str, at: datetime) -> dict[str, int]:
        """Return what was left of each grant of a customer at an instant, in minor units, by ids."""
        query = (
            select(credit_movements.c.grant_id, func.sum(credit_movements.c.amount_minor))
            .where(credit_movements.c.customer_id == customer_id, credit_movements.c.at <= at)
            .group_by(credit_movements.c.grant_id)
        )
        return {grant_id: int(minor) for grant_id, minor in self._connection.execute(query)}

    def add(self, adjustment: CreditAdjustment) -> None:
        """Store an adjustment; what it gives or takes are movements."""
        values = row_of(adjustment)
        amount = values.pop("amount")
        row = {**values, "amount_minor": amount.minor, "currency": amount.currency}
        self._connection.execute(insert(credit_adjustments), row)

    def adjustments(self, adjustment_ids: Collection[str]) -> dict[str, CreditAdjustment]:
        """Return adjustments by their ids."""
        if not adjustment_ids:
            return {}
        query = select(credit_adjustments).where(credit_adjustments.c.id.in_(sorted(adjustment_ids)))
        return {row["id"]: _adjustment_from_row(row) for row in self._connection.execute(query).mappings()}


def _transaction_from_row(row: RowMapping) -> Transaction:
    values = dict(row)
    after = amount_of(int(values.pop("after_minor")), values["currency"])
    return Transaction(movement_from_row(values), after)


def _adjustment_from_row(row: RowMapping) -> CreditAdjustment:
    values = dict(row)
    return CreditAdjustment(amount=amount_of(values.pop("amount_minor"), values.pop("currency")), **values)
