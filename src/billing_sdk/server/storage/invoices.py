"""Invoices and payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, or_, select, tuple_, update

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.server.domain.collection import Numbering
from billing_sdk.server.domain.invoicing import (
    BALANCE,
    ONE_OFF,
    OWED,
    TRANSITIONS,
    UNISSUED,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.storage.invoice_rows import invoice_of, line_of, line_rows, payment_of, payment_row, row_of
from billing_sdk.server.storage.later import Together
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.billing import invoice_counters, invoice_lines, invoices, payments
from billing_sdk.server.storage.upsert import upsert

SETTLE = update(invoices).where(invoices.c.id == bindparam("wanted"))
IS_DUE = or_(
    invoices.c.status == "overdue",
    and_(invoices.c.status == "issued", invoices.c.collection_method == "charge_automatically"),
)
WITH_INVOICE = invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id)


class InvoiceRepository:
    """Keeps invoices and payments, in the transaction of its connection."""

    def __init__(self, connection: Connection, together: Together) -> None:
        self._connection, self._together = connection, together
        self._last_numbers: dict[str, int] = {}
        self._ahead: dict[str, Invoice] = {}
        self._owed: dict[str, set[str]] = {}
        self._gathering: dict[str, set[str]] = {}

    def read_ahead(self, invoice_ids: Collection[str], agreement_ids: Collection[str]) -> None:
        """Read at once many invoices, and what is owed under many agreements; the caller holds the locks on customers.

        What becomes of their status is written at once, too.
        """
        query = select(invoices).where(invoices.c.id.in_(invoice_ids))
        self._ahead.update((invoice.id, invoice) for invoice in self._read(query))
        self._owed.update((agreement_id, set()) for agreement_id in agreement_ids)
        owed = (
            select(invoice_lines.c.agreement_id, invoice_lines.c.invoice_id)
            .select_from(WITH_INVOICE)
            .where(invoice_lines.c.agreement_id.in_(agreement_ids), IS_DUE)
        )
        for row in self._connection.execute(owed):
            self._owed[row.agreement_id].add(row.invoice_id)

    def read_gathering_ahead(self, customer_ids: Collection[str]) -> None:
        """Read for which of many customers something gathers, in which currencies; the caller holds their locks."""
        self._gathering.update((customer_id, set()) for customer_id in customer_ids)
        query = select(invoices.c.customer_id, invoices.c.currency).where(
            invoices.c.customer_id.in_(customer_ids), invoices.c.status == "gathering"
        )
        for row in self._connection.execute(query):
            self._gathering[row.customer_id].add(row.currency)

    def next_number(self, numbering: Numbering) -> str:
        """Count the series of a numbering up, and return a number such as `INV-000001`.

        The counter stays locked until the transaction ends, so invoices of a series are numbered one after the other
        and a transaction that fails leaves no gap.
        """
        series = numbering.prefix
        if not self._together.is_on:
            return numbering.number(self._count(series, 1))
        if series not in self._last_numbers:
            self._last_numbers[series] = self._count(series, 0)
        self._last_numbers[series] += 1
        self._together.call(self._write_last_numbers)
        return numbering.number(self._last_numbers[series])

    def add(self, invoice: Invoice) -> None:
        """Store a new invoice with its lines."""
        self._together.insert(invoices, row_of(invoice))
        self._together.insert(invoice_lines, *line_rows(invoice))
        if invoice.status == "gathering" and invoice.customer_id in self._gathering:
            self._gathering[invoice.customer_id].add(invoice.currency)

    def save_unissued(self, invoice: Invoice) -> None:
        """Store an invoice that has changed before or as it was issued, with its lines.

        Raises:
            Conflict: it has been issued meanwhile, or is gone.
        """
        is_unissued = (invoices.c.id == invoice.id, invoices.c.status.in_(UNISSUED))
        if self._connection.execute(select(invoices.c.id).where(*is_unissued).with_for_update()).first() is None:
            raise Conflict(f"the invoice {invoice.name} is issued already, or gone")
        # The lines first: once it is issued, the database lets none of them go.
        self._connection.execute(delete(invoice_lines).where(invoice_lines.c.invoice_id == invoice.id))
        if invoice.lines:
            self._connection.execute(insert(invoice_lines), line_rows(invoice))
        self._connection.execute(update(invoices).where(*is_unissued).values(row_of(invoice)))

    def discard(self, invoice: Invoice) -> None:
        """Remove an invoice that has not been issued, with its lines.

        Raises:
            Conflict: it has been issued meanwhile, or is gone.
        """
        self._connection.execute(delete(invoice_lines).where(invoice_lines.c.invoice_id == invoice.id))
        gone = delete(invoices).where(invoices.c.id == invoice.id, invoices.c.status.in_(UNISSUED))
        if not self._connection.execute(gone).rowcount:
            raise Conflict(f"the invoice {invoice.name} is issued already, or gone")

    def settle(self, invoice: Invoice) -> None:
        """Store the new status of an issued invoice, with what has paid it and what was credited of it.

        Raises:
            Conflict: nothing leads there from the status that it has by now.
        """
        if invoice.id in self._ahead:
            self._settle_ahead(invoice)
            return
        changed = (
            update(invoices)
            .where(invoices.c.id == invoice.id, invoices.c.status.in_(_leading_to(invoice.status)))
            .values(
                status=invoice.status,
                payment_id=invoice.payment_id,
                credited_minor=invoice.credited_minor,
            )
        )
        if not self._connection.execute(changed).rowcount:
            raise Conflict(f"the invoice {invoice.name} can't become {invoice.status} any more")

    def credit(self, before: Invoice, after: Invoice) -> None:
        """Store what a credit note has taken back of what is owed, and that it was all of it.

        Raises:
            Conflict: the invoice is not as it was before any more.
        """
        unchanged = (
            invoices.c.id == before.id,
            invoices.c.status == before.status,
            invoices.c.credited_minor == before.credited_minor,
        )
        changed = update(invoices).where(*unchanged)
        values = {"status": after.status, "credited_minor": after.credited_minor}
        if not self._connection.execute(changed.values(values)).rowcount:
            raise Conflict(f"the invoice {before.name} has changed meanwhile")

    def add_payment(self, payment: Payment) -> None:
        """Store an attempt to collect an amount."""
        self._together.insert(payments, payment_row(payment))

    def get_payment(self, payment_id: str) -> Payment:
        """Return an attempt to collect an amount; whoever refers to one knows that it exists."""
        row = self._connection.execute(select(payments).where(payments.c.id == payment_id)).mappings().one()
        return payment_of(row)

    def find_payment(self, gateway: GatewayKind, reference: str) -> Payment | None:
        """Return the payment that has succeeded and that a processor calls so; None where it is none of ours."""
        query = select(payments).where(
            payments.c.gateway_reference == reference,
            payments.c.gateway == gateway,
            payments.c.status == "succeeded",
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else payment_of(row)

    def get(self, invoice_id: str) -> Invoice:
        """Return an invoice.

        Raises:
            NotFound: there is no such invoice.
        """
        if invoice_id in self._ahead:
            return self._ahead[invoice_id]
        found = self.find(invoice_id)
        if found is None:
            raise NotFound(f"there is no invoice {invoice_id[:64]!r}")
        return found

    def id_of(self, name: str) -> str:
        """Return the id of an invoice that somebody names by it, or by its number.

        Raises:
            NotFound: there is no such invoice.
        """
        named = select(invoices.c.id).where((invoices.c.id == name) | (invoices.c.number == name))
        found: str | None = self._connection.execute(named).scalar()
        if found is None:
            raise NotFound(f"there is no invoice {name[:64]!r}")
        return found

    def find(self, invoice_id: str) -> Invoice | None:
        """Return an invoice, if there is one."""
        return next(iter(self._read(select(invoices).where(invoices.c.id == invoice_id))), None)

    def find_gathering(self, customer_id: str, currency: str, billing_cadence_id: str | None = None) -> Invoice | None:
        """Return what gathers for a customer's next invoice in a currency, or for a cadence's, if anything does."""
        if currency not in self._gathering.get(customer_id, (currency,)):
            return None
        query = _of_customer(customer_id).where(
            invoices.c.status == "gathering",
            invoices.c.currency == currency,
            invoices.c.billing_cadence_id == billing_cadence_id,
        )
        return next(iter(self._read(query)), None)

    def unissued_of(self, customer_id: str) -> tuple[Invoice, ...]:
        """Return what gathers or waits for a customer, drafts included, in the order of their ids."""
        return self._read(_of_customer(customer_id).where(invoices.c.status.in_(UNISSUED)).order_by(invoices.c.id))

    def page(
        self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str, status: InvoiceStatus | None = None
    ) -> Page[Invoice]:
        """Return a page of a customer's invoices, in the order of their ids; all, or those of a status."""
        query = _of_customer(customer_id)
        query = query if status is None else query.where(invoices.c.status == status)
        page = read_page(self._connection, query, invoices.c.id, wanted, lambda row: row)
        lines = self._lines_of([row["id"] for row in page.items])
        return Page(tuple(invoice_of(row, lines[row["id"]]) for row in page.items), page.has_more)

    def newest_of(
        self, customer_id: str, *, limit: int = 24, status: InvoiceStatus | None = None, after: str | None = None
    ) -> tuple[Invoice, ...]:
        """Return a customer's latest invoices that have been issued, the newest first: all, or those after one."""
        is_wanted = invoices.c.status.not_in(UNISSUED) if status is None else invoices.c.status == status
        query = _of_customer(customer_id).where(is_wanted)
        # Ids of one millisecond are in no order, and numbers of one series are.
        order = (invoices.c.issued_at, func.length(invoices.c.number), invoices.c.number)
        if after is not None:
            place = self._connection.execute(
                _of_customer(customer_id).with_only_columns(*order).where(invoices.c.id == after)
            )
            query = query.where(tuple_(*order) < tuple_(*place.one()))
        return self._read(query.order_by(*(column.desc() for column in order)).limit(limit))

    def owed_for(self, agreement_id: str) -> tuple[Invoice, ...]:
        """Return the invoices that charge something under an agreement and are owed, the oldest first."""
        theirs = select(invoice_lines.c.invoice_id).where(invoice_lines.c.agreement_id == agreement_id)
        query = select(invoices).where(invoices.c.id.in_(theirs), invoices.c.status.in_(OWED))
        return self._read(query.order_by(invoices.c.id))

    def has_owed(self, agreement_id: str) -> bool:
        """Tell whether anything that is charged under an agreement should have been paid; see `Invoice.is_due`."""
        if agreement_id in self._owed:
            return bool(self._owed[agreement_id])
        query = (
            select(invoice_lines.c.invoice_id)
            .select_from(WITH_INVOICE)
            .where(invoice_lines.c.agreement_id == agreement_id, IS_DUE)
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def owed_by(self, customer_id: str) -> tuple[Invoice, ...]:
        """Return the invoices that a customer owes, the oldest first."""
        query = _of_customer(customer_id).where(invoices.c.status.in_(OWED))
        return self._read(query.order_by(invoices.c.id))

    def has_billed(self, agreement_id: str, period: Period) -> bool:
        """Tell whether anything that starts in a period was charged under an agreement."""
        query = (
            select(invoice_lines.c.invoice_id)
            .select_from(WITH_INVOICE)
            .where(
                invoice_lines.c.agreement_id == agreement_id,
                invoices.c.status != "void",
                invoice_lines.c.component_id.not_in((BALANCE, ONE_OFF)),
                invoice_lines.c.amount_minor > 0,
                invoice_lines.c.period_start >= period.start,
                invoice_lines.c.period_start < period.end,
            )
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def paid_lines(self, agreement_id: str, *, after: datetime, since: datetime) -> tuple[InvoiceLine, ...]:
        """Return what was paid under an agreement for a period: lines of paid invoices.

        Args:
            agreement_id: the agreement.
            after: the period ends after this instant.
            since: the period does not start before this one.
        """
        return self._lines_under(
            agreement_id,
            invoices.c.status == "paid",
            invoice_lines.c.period_end > after,
            invoice_lines.c.period_start >= since,
        )

    def owed_lines(self, agreement_id: str) -> tuple[InvoiceLine, ...]:
        """Return what is owed under an agreement: lines of invoices that nobody has paid yet, issued or not."""
        return self._lines_under(agreement_id, invoices.c.status.in_(OWED | UNISSUED | {"uncollectible"}))

    def numbers(self, invoice_ids: Collection[str]) -> dict[str, str]:
        """Return the numbers of invoices by their ids, of those that have one."""
        query = select(invoices.c.id, invoices.c.number).where(invoices.c.id.in_(invoice_ids))
        return {row.id: row.number for row in self._connection.execute(query) if row.number is not None}

    def numbers_of(self, customer_id: str) -> dict[str, str]:
        """Return the number of each invoice of a customer that has one, by its id."""
        numbered = select(invoices.c.id, invoices.c.number).where(
            invoices.c.customer_id == customer_id, invoices.c.number.is_not(None)
        )
        return {row.id: row.number for row in self._connection.execute(numbered)}

    def list_payments(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str) -> Page[Payment]:
        """Return a page of the attempts to collect something from a customer."""
        query = select(payments).where(payments.c.customer_id == customer_id)
        return read_page(self._connection, query, payments.c.id, wanted, payment_of)

    def _settle_ahead(self, invoice: Invoice) -> None:
        if self._ahead[invoice.id].status not in _leading_to(invoice.status):
            raise Conflict(f"the invoice {invoice.name} can't become {invoice.status} any more")
        self._ahead[invoice.id] = invoice
        if invoice.status not in OWED:
            for owed in self._owed.values():
                owed.discard(invoice.id)
        settled = {"status": invoice.status, "payment_id": invoice.payment_id, "credited_minor": invoice.credited_minor}
        self._together.run(SETTLE, {**settled, "wanted": invoice.id})

    def _count(self, series: str, further: int) -> int:
        """Count up, and return how far the count is; its row stays locked until the transaction ends."""
        counted = upsert(
            self._connection,
            invoice_counters,
            {"series": series, "last_number": further},
            {"last_number": invoice_counters.c.last_number + further},
        ).returning(invoice_counters.c.last_number)
        return int(self._connection.execute(counted).scalar_one())

    def _write_last_numbers(self) -> None:
        for series, last_number in self._last_numbers.items():
            mine = invoice_counters.c.series == series
            self._connection.execute(update(invoice_counters).where(mine).values(last_number=last_number))

    def count_unsettled(self, profile_id: str) -> int:
        """Return how many invoices follow a billing profile that wait to be issued, or are owed."""
        query = select(func.count()).where(invoices.c.profile_id == profile_id, invoices.c.status.in_(UNISSUED | OWED))
        return int(self._connection.execute(query).scalar_one())

    def has_unsettled(self) -> bool:
        """Tell whether any invoice waits to be issued, or is owed."""
        query = select(invoices.c.id).where(invoices.c.status.in_(UNISSUED | OWED)).limit(1)
        return self._connection.execute(query).first() is not None

    def payments_for(self, invoice_id: str) -> tuple[Payment, ...]:
        """Return the attempts to collect an invoice, the oldest first."""
        query = select(payments).where(payments.c.invoice_id == invoice_id).order_by(payments.c.id)
        return tuple(payment_of(row) for row in self._connection.execute(query).mappings())

    def _lines_under(self, agreement_id: str, *conditions: Any) -> tuple[InvoiceLine, ...]:
        query = (
            select(invoice_lines, invoices.c.currency)
            .select_from(WITH_INVOICE)
            .where(invoice_lines.c.agreement_id == agreement_id, *conditions)
            .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
        )
        return tuple(line_of(row) for row in self._connection.execute(query).mappings())

    def _read(self, query: Select[Any]) -> tuple[Invoice, ...]:
        rows = self._connection.execute(query).mappings().all()
        lines = self._lines_of([row["id"] for row in rows]) if rows else {}
        return tuple(invoice_of(row, lines[row["id"]]) for row in rows)

    def _lines_of(self, invoice_ids: Sequence[str]) -> defaultdict[str, list[InvoiceLine]]:
        found: defaultdict[str, list[InvoiceLine]] = defaultdict(list)
        query = (
            select(invoice_lines, invoices.c.currency)
            .select_from(WITH_INVOICE)
            .where(invoice_lines.c.invoice_id.in_(invoice_ids))
            .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
        )
        for row in self._connection.execute(query).mappings():
            found[row["invoice_id"]].append(line_of(row))
        return found


def _of_customer(customer_id: str) -> Select[Any]:
    return select(invoices).where(invoices.c.customer_id == customer_id)


def _leading_to(status: InvoiceStatus) -> frozenset[InvoiceStatus]:
    """Return what an issued invoice may have been before it became what it is to be."""
    return frozenset(origin for (origin, _), after in TRANSITIONS.items() if after == status) - UNISSUED
