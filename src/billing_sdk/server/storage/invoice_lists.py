"""Lists of invoices of all customers, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select

from billing_sdk.server.domain.invoicing import InvoiceStatus
from billing_sdk.server.storage.tables.billing import invoices

Query = Select[tuple[str]]


@dataclass(frozen=True, slots=True)
class InvoicesWanted:
    """Which invoices are wanted; what is None does not matter.

    Attributes:
        statuses: of one of them.
        created_from: made at this instant or later.
        created_until: made at this instant or before.
        after: older than this one, by its id.
        before: newer than this one; never both.
    """

    customer_id: str | None = None
    billing_cadence_id: str | None = None
    statuses: Collection[InvoiceStatus] = ()
    collection_method: str | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    after: str | None = None
    before: str | None = None


class InvoiceLists:
    """Tells which invoices there are, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, wanted: InvoicesWanted, *, limit: int) -> tuple[str, ...]:
        """Return the ids of invoices, the newest first; of those before a place the ones that are nearest to it."""
        query = self._query(wanted)
        is_backwards = wanted.before is not None
        if wanted.after is not None:
            query = query.where(invoices.c.id < wanted.after)
        if wanted.before is not None:
            query = query.where(invoices.c.id > wanted.before)
        query = query.order_by(invoices.c.id if is_backwards else invoices.c.id.desc()).limit(limit)
        found = tuple(row.id for row in self._connection.execute(query))
        return found[::-1] if is_backwards else found

    def _query(self, wanted: InvoicesWanted) -> Query:
        query = select(invoices.c.id).where(invoices.c.status.in_(wanted.statuses))
        equal = (
            (invoices.c.customer_id, wanted.customer_id),
            (invoices.c.billing_cadence_id, wanted.billing_cadence_id),
            (invoices.c.collection_method, wanted.collection_method),
        )
        for column, value in equal:
            query = query if value is None else query.where(column == value)
        if wanted.created_from is not None:
            query = query.where(invoices.c.created_at >= wanted.created_from)
        if wanted.created_until is not None:
            query = query.where(invoices.c.created_at <= wanted.created_until)
        return query
