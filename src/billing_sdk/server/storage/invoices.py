"""Invoices and payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import BALANCE, Invoice, InvoiceLine, Payment
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.billing import invoice_counters, invoice_lines, invoices, payments
from billing_sdk.server.storage.upsert import upsert

SERIES = "INV"


class InvoiceRepository:
    """Keeps invoices and payments, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self) -> str:
        """Count up, and return a number such as `INV-000001`.

        The counter stays locked until the transaction ends, so invoices are numbered one after the other and a
        transaction that fails leaves no gap.
        """
        counted = upsert(
            self._connection,
            invoice_counters,
            {"series": SERIES, "last_number": 1},
            {"last_number": invoice_counters.c.last_number + 1},
        ).returning(invoice_counters.c.last_number)
        return f"{SERIES}-{self._connection.execute(counted).scalar_one():06d}"

    def add(self, invoice: Invoice) -> None:
        """Store a new invoice with its lines."""
        self._connection.execute(
            insert(invoices),
            {
                "id": invoice.id,
                "number": invoice.number,
                "customer_id": invoice.customer_id,
                "agreement_id": invoice.agreement_id,
                "status": invoice.status,
                "currency": invoice.currency,
                "issued_at": invoice.issued_at,
                "payment_id": invoice.payment_id,
            },
        )
        self._connection.execute(insert(invoice_lines), _line_rows(invoice))

    def settle(self, invoice: Invoice) -> None:
        """Store that an open invoice was paid or made void.

        Raises:
            Conflict: it is not open any more.
        """
        changed = (
            update(invoices)
            .where(invoices.c.id == invoice.id, invoices.c.status == "open")
            .values(status=invoice.status, payment_id=invoice.payment_id)
        )
        if not self._connection.execute(changed).rowcount:
            raise Conflict(f"the invoice {invoice.number} is not open any more")

    def add_payment(self, payment: Payment) -> None:
        """Store an attempt to collect an amount."""
        self._connection.execute(
            insert(payments),
            {
                "id": payment.id,
                "customer_id": payment.customer_id,
                "amount_minor": payment.amount.minor,
                "currency": payment.amount.currency,
                "status": payment.status,
                "attempted_at": payment.attempted_at,
                "payment_method_label": payment.payment_method_label,
                "gateway_reference": payment.gateway_reference,
                "decline_code": payment.decline_code,
            },
        )

    def get(self, invoice_id: str) -> Invoice:
        """Return an invoice.

        Raises:
            NotFound: there is no such invoice.
        """
        row = self._connection.execute(select(invoices).where(invoices.c.id == invoice_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no invoice {invoice_id[:64]!r}")
        return _from_row(row, self._lines_of([invoice_id])[invoice_id])

    def page(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str) -> Page[Invoice]:
        """Return a page of a customer's invoices, in the order of their ids."""
        page = read_page(self._connection, _of_customer(customer_id), invoices.c.id, wanted, lambda row: row)
        lines = self._lines_of([row["id"] for row in page.items])
        return Page(tuple(_from_row(row, lines[row["id"]]) for row in page.items), page.has_more)

    def newest_of(self, customer_id: str, *, limit: int = 24) -> tuple[Invoice, ...]:
        """Return a customer's latest invoices, the newest first."""
        query = _of_customer(customer_id).order_by(invoices.c.id.desc()).limit(limit)
        rows = self._connection.execute(query).mappings().all()
        lines = self._lines_of([row["id"] for row in rows])
        return tuple(_from_row(row, lines[row["id"]]) for row in rows)

    def open_of(self, agreement_id: str) -> tuple[Invoice, ...]:
        """Return the invoices of an agreement that nobody has paid yet, the oldest first."""
        return self._open(select(invoices).where(invoices.c.agreement_id == agreement_id))

    def open_of_customer(self, customer_id: str) -> tuple[Invoice, ...]:
        """Return the invoices of a customer that nobody has paid yet, the oldest first."""
        return self._open(_of_customer(customer_id))

    def has_billed(self, agreement_id: str, period: Period) -> bool:
        """Tell whether anything that starts in a period was charged under an agreement."""
        joined = invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id)
        query = (
            select(invoice_lines.c.invoice_id)
            .select_from(joined)
            .where(
                invoices.c.agreement_id == agreement_id,
                invoices.c.status != "void",
                invoice_lines.c.component_id != BALANCE,
                invoice_lines.c.amount_minor > 0,
                invoice_lines.c.period_start >= period.start,
                invoice_lines.c.period_start < period.end,
            )
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def paid_lines(self, agreement_id: str, *, after: datetime, since: datetime) -> tuple[InvoiceLine, ...]:
        """Return the lines of an agreement's paid invoices that are about a period.

        Args:
            agreement_id: the agreement.
            after: the period ends after this instant.
            since: the period does not start before this one: the first invoice of an agreement may settle the one
                that it has replaced.
        """
        query = (
            select(invoice_lines, invoices.c.currency)
            .select_from(invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id))
            .where(
                invoices.c.agreement_id == agreement_id,
                invoices.c.status == "paid",
                invoice_lines.c.period_end > after,
                invoice_lines.c.period_start >= since,
            )
            .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
        )
        return tuple(_line_from_row(row) for row in self._connection.execute(query).mappings())

    def list_payments(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str) -> Page[Payment]:
        """Return a page of the attempts to collect something from a customer."""
        query = select(payments).where(payments.c.customer_id == customer_id)
        return read_page(self._connection, query, payments.c.id, wanted, _payment_from_row)

    def _open(self, query: Select[Any]) -> tuple[Invoice, ...]:
        rows = self._connection.execute(query.where(invoices.c.status == "open").order_by(invoices.c.id)).mappings()
        found = rows.all()
        lines = self._lines_of([row["id"] for row in found]) if found else {}
        return tuple(_from_row(row, lines[row["id"]]) for row in found)

    def _lines_of(self, invoice_ids: Sequence[str]) -> defaultdict[str, list[InvoiceLine]]:
        found: defaultdict[str, list[InvoiceLine]] = defaultdict(list)
        query = (
            select(invoice_lines, invoices.c.currency)
            .select_from(invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id))
            .where(invoice_lines.c.invoice_id.in_(invoice_ids))
            .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
        )
        for row in self._connection.execute(query).mappings():
            found[row["invoice_id"]].append(_line_from_row(row))
        return found


def _of_customer(customer_id: str) -> Select[Any]:
    return select(invoices).where(invoices.c.customer_id == customer_id)


def _line_rows(invoice: Invoice) -> list[dict[str, Any]]:
    return [
        {
            "invoice_id": invoice.id,
            "position": position,
            "description": line.description,
            "amount_minor": line.amount.minor,
            "period_start": line.period.start,
            "period_end": line.period.end,
            "plan_version_id": line.plan_version_id,
            "component_id": line.component_id,
            "quantity": line.quantity,
            "derivation": dict(line.derivation),
        }
        for position, line in enumerate(invoice.lines)
    ]


def _line_from_row(row: RowMapping) -> InvoiceLine:
    return InvoiceLine(
        description=row["description"],
        amount=Money(row["amount_minor"], row["currency"]),
        period=Period(row["period_start"], row["period_end"]),
        plan_version_id=row["plan_version_id"],
        component_id=row["component_id"],
        quantity=row["quantity"],
        derivation=row["derivation"],
    )


def _from_row(row: RowMapping, lines: Sequence[InvoiceLine]) -> Invoice:
    return Invoice(
        id=row["id"],
        number=row["number"],
        customer_id=row["customer_id"],
        agreement_id=row["agreement_id"],
        status=row["status"],
        currency=row["currency"],
        lines=tuple(lines),
        issued_at=row["issued_at"],
        payment_id=row["payment_id"],
    )


def _payment_from_row(row: RowMapping) -> Payment:
    return Payment(
        id=row["id"],
        customer_id=row["customer_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=row["status"],
        attempted_at=row["attempted_at"],
        payment_method_label=row["payment_method_label"],
        gateway_reference=row["gateway_reference"],
        decline_code=row["decline_code"],
    )
