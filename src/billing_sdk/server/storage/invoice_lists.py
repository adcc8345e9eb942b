"""Lists of invoices of all customers, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import UNISSUED, InvoiceStatus
from billing_sdk.server.storage.tables.billing import invoice_lines, invoices

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


@dataclass(frozen=True, slots=True)
class ListedWanted:
    """Which invoices an operator's list shows; what is None does not matter.

    Attributes:
        status: None for all that are issued.
        issued_from: issued at this instant or later; unissued ones are left out, as with the next.
        issued_before: issued before this instant.
        after: what follows this invoice, by its id.
    """

    status: InvoiceStatus | None = None
    customer_id: str | None = None
    issued_from: datetime | None = None
    issued_before: datetime | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """What a list says of an invoice."""

    id: str
    number: str | None
    customer_id: str
    status: InvoiceStatus
    issued_at: datetime | None
    created_at: datetime
    amount: Money


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

    def listed(self, wanted: ListedWanted, *, limit: int) -> tuple[ListedInvoice, ...]:
        """Return invoices, the latest issued first; those of a status that is not issued by their ids."""
        order = (invoices.c.issued_at.desc(), invoices.c.id.desc())
        # Which they are is known from an index, before any is read.
        chosen = select(invoices.c.id).where(*self._shown(wanted)).order_by(*order).limit(limit)
        ids = self._connection.execute(chosen).scalars().all()
        rows = self._connection.execute(select(invoices).where(invoices.c.id.in_(ids)).order_by(*order)).all()
        amounts = (
            select(invoice_lines.c.invoice_id, func.sum(invoice_lines.c.amount_minor).label("minor"))
            .where(invoice_lines.c.invoice_id.in_([row.id for row in rows]))
            .group_by(invoice_lines.c.invoice_id)
        )
        minor = {row.invoice_id: int(row.minor) for row in self._connection.execute(amounts)} if rows else {}
        return tuple(
            ListedInvoice(
                id=row.id,
                number=row.number,
                customer_id=row.customer_id,
                status=row.status,
                issued_at=row.issued_at,
                created_at=row.created_at,
                amount=Money(minor.get(row.id, 0), row.currency),
            )
            for row in rows
        )

    def _shown(self, wanted: ListedWanted) -> list[ColumnElement[bool]]:
        is_unissued = wanted.status in UNISSUED
        conditions: list[ColumnElement[bool]] = [
            invoices.c.issued_at.is_(None) if is_unissued else invoices.c.issued_at.is_not(None)
        ]
        if wanted.status is not None:
            conditions.append(invoices.c.status == wanted.status)
        if wanted.customer_id is not None:
            conditions.append(invoices.c.customer_id == wanted.customer_id)
        if wanted.issued_from is not None:
            conditions.append(invoices.c.issued_at >= wanted.issued_from)
        if wanted.issued_before is not None:
            conditions.append(invoices.c.issued_at < wanted.issued_before)
        if wanted.after is not None:
            conditions.append(self._after(wanted.after, is_unissued=is_unissued))
        return conditions

    def _after(self, invoice_id: str, *, is_unissued: bool) -> ColumnElement[bool]:
        """Return what holds for whatever follows an invoice in the list; the ids decide among those of one instant."""
        if is_unissued:
            return invoices.c.id < invoice_id
        at = self._connection.execute(select(invoices.c.issued_at).where(invoices.c.id == invoice_id)).scalar()
        if at is None:
            return true()  # nothing is known by that id: the list begins
        same = and_(invoices.c.issued_at == at, invoices.c.id < invoice_id)
        return or_(invoices.c.issued_at < at, same)

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
