"""Credit notes and refunds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, insert, select, update

from billing_sdk.errors import UnknownCreditNote
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import (
    Creditable,
    CreditedLine,
    CreditNote,
    Invoice,
    InvoiceLine,
    Refund,
    framed,
    gives_back,
    left_of,
)
from billing_sdk.server.storage.invoice_rows import line_of
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables import Instant
from billing_sdk.server.storage.tables.billing import invoice_counters, invoice_lines, invoices
from billing_sdk.server.storage.tables.corrections import credit_note_lines, credit_notes, refunds
from billing_sdk.server.storage.upsert import upsert

SERIES = "CN"
OF_INVOICE = (
    select(credit_notes).where(credit_notes.c.invoice_id == bindparam("invoice")).order_by(credit_notes.c.number)
)
TAKEN_BACK = (
    select(invoice_lines, invoices.c.currency, credit_note_lines.c.amount_minor.label("credited_minor_of_line"))
    .select_from(
        credit_note_lines.join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
        .join(invoices, invoices.c.id == credit_notes.c.invoice_id)
        .join(
            invoice_lines,
            and_(
                invoice_lines.c.invoice_id == invoices.c.id,
                invoice_lines.c.position + 1 == credit_note_lines.c.line_number,
            ),
        )
    )
    .where(
        invoice_lines.c.agreement_id == bindparam("agreement"),
        invoices.c.status == "paid",
        invoice_lines.c.period_end > bindparam("after", type_=Instant),
        invoice_lines.c.period_start >= bindparam("since", type_=Instant),
    )
    .order_by(credit_notes.c.number, credit_note_lines.c.line_number)
)
GIVING_BACK = (
    select(invoice_lines, invoices.c.currency)
    .select_from(invoice_lines.join(invoices, invoices.c.id == invoice_lines.c.invoice_id))
    .where(invoices.c.status != "void")
)
REFUND_OF_NOTE = select(refunds).where(refunds.c.credit_note_id == bindparam("note"))


class CreditNoteRepository:
    """Keeps credit notes, in the transaction of its connection; whoever adds one holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self) -> str:
        """Count up, and return a number such as `CN-000001`; as with invoices there are no gaps."""
        counted = upsert(
            self._connection,
            invoice_counters,
            {"series": SERIES, "last_number": 1},
            {"last_number": invoice_counters.c.last_number + 1},
        ).returning(invoice_counters.c.last_number)
        return f"{SERIES}-{self._connection.execute(counted).scalar_one():06d}"

    def add(self, note: CreditNote) -> None:
        """Store a new note with its lines."""
        row = row_of(note)
        del row["lines"]
        self._connection.execute(insert(credit_notes), row)
        self._connection.execute(
            insert(credit_note_lines),
            [
                {
                    "credit_note_id": note.id,
                    "line_number": line.number,
                    "amount_minor": line.amount.minor,
                    "tax_minor": line.tax.minor,
                    "included_tax_minor": line.included_tax.minor,
                }
                for line in note.lines
            ],
        )

    def get(self, note_id: str) -> CreditNote:
        """Return a note.

        Raises:
            UnknownCreditNote: there is none with this id.
        """
        rows = self._connection.execute(select(credit_notes).where(credit_notes.c.id == note_id)).mappings().all()
        if not rows:
            raise UnknownCreditNote(f"there is no credit note {note_id[:64]!r}")
        return self._with_lines(rows)[0]

    def of_invoice(self, invoice_id: str) -> tuple[CreditNote, ...]:
        """Return the notes of an invoice, the oldest first."""
        return self._with_lines(self._connection.execute(OF_INVOICE, {"invoice": invoice_id}).mappings().all())

    def left_of(self, invoice: Invoice) -> Creditable:
        """Return what is left to credit of an issued invoice."""
        return left_of(invoice, self.of_invoice(invoice.id), self.given_back(invoice))

    def given_back(self, invoice: Invoice) -> tuple[InvoiceLine, ...]:
        """Return the lines of other invoices that give back time which an invoice has charged; void ones don't."""
        fees = [line for line in invoice.lines if line.kind == "licence_fee" and line.agreement_id is not None]
        if not fees:
            return ()
        query = GIVING_BACK.where(
            invoices.c.id != invoice.id,
            invoice_lines.c.agreement_id.in_({line.agreement_id for line in fees}),
            invoice_lines.c.period_end.in_({line.period.end for line in fees}),
        )
        return tuple(line for row in self._connection.execute(query).mappings() if gives_back(line := line_of(row)))

    def taken_back(self, agreement_id: str, *, after: datetime, since: datetime) -> tuple[InvoiceLine, ...]:
        """Return what notes have taken back of lines of paid invoices, as lines below zero.

        Args:
            agreement_id: under which they were charged.
            after: their period ends after this instant.
            since: their period does not start before this one.
        """
        wanted = {"agreement": agreement_id, "after": after, "since": since}
        rows = self._connection.execute(TAKEN_BACK, wanted).mappings()
        return tuple(_taken_back(line_of(row), row["credited_minor_of_line"]) for row in rows)

    def page(self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str) -> Page[CreditNote]:
        """Return a page of a customer's notes, in the order of their ids."""
        query = select(credit_notes).where(credit_notes.c.customer_id == customer_id)
        page = read_page(self._connection, query, credit_notes.c.id, wanted, lambda row: row)
        return Page(self._with_lines(page.items), page.has_more)

    def _with_lines(self, rows: Sequence[RowMapping]) -> tuple[CreditNote, ...]:
        found: defaultdict[str, list[CreditedLine]] = defaultdict(list)
        currencies = {row["id"]: row["currency"] for row in rows}
        query = select(credit_note_lines).where(credit_note_lines.c.credit_note_id.in_(currencies))
        for row in self._connection.execute(query.order_by(credit_note_lines.c.line_number)) if rows else ():
            amounts = (row.amount_minor, row.tax_minor, row.included_tax_minor)
            money = (Money(minor, currencies[row.credit_note_id]) for minor in amounts)
            found[row.credit_note_id].append(CreditedLine(row.line_number, *money))
        return tuple(CreditNote(**row, lines=tuple(found[row["id"]])) for row in rows)


class RefundRepository:
    """Keeps refunds, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, refund: Refund) -> None:
        """Store a refund before the gateway is asked for it."""
        self._connection.execute(insert(refunds), _to_row(refund))

    def settle(self, refund: Refund) -> bool:
        """Store the outcome of a refund that is pending; False where somebody else has done so before."""
        settled = update(refunds).where(refunds.c.id == refund.id, refunds.c.status == "pending")
        return bool(self._connection.execute(settled.values(_to_row(refund))).rowcount)

    def take_back(self, refund: Refund) -> bool:
        """Store that a refund has come back which had succeeded; False where that is known."""
        came_back = update(refunds).where(refunds.c.id == refund.id, refunds.c.status == "succeeded")
        return bool(self._connection.execute(came_back.values(_to_row(refund))).rowcount)

    def release(self, refund_id: str, *, at: datetime) -> None:
        """Let anybody take up a refund whose outcome could not be learnt."""
        pending = update(refunds).where(refunds.c.id == refund_id, refunds.c.status == "pending")
        self._connection.execute(pending.values(lease_ends_at=at))

    def find(self, refund_id: str) -> Refund | None:
        """Return a refund, if there is one."""
        row = self._connection.execute(select(refunds).where(refunds.c.id == refund_id)).mappings().first()
        return None if row is None else _from_row(row)

    def find_by_reference(self, reference: str) -> Refund | None:
        """Return the refund that a processor calls so, if it is known here."""
        row = self._connection.execute(select(refunds).where(refunds.c.reference == reference)).mappings().first()
        return None if row is None else _from_row(row)

    def find_by_note(self, note_id: str) -> Refund | None:
        """Return the refund of a credit note, if it has one."""
        row = self._connection.execute(REFUND_OF_NOTE, {"note": note_id}).mappings().first()
        return None if row is None else _from_row(row)

    def of_invoice(self, invoice_id: str) -> tuple[Refund, ...]:
        """Return the refunds of an invoice, the oldest first."""
        query = select(refunds).where(refunds.c.invoice_id == invoice_id).order_by(refunds.c.id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def list_left_over(self, *, at: datetime) -> tuple[Refund, ...]:
        """Return the refunds that nobody seems to be working on any more, the oldest first."""
        query = select(refunds).where(refunds.c.status == "pending", refunds.c.lease_ends_at <= at)
        return tuple(_from_row(row) for row in self._connection.execute(query.order_by(refunds.c.id)).mappings())


def _taken_back(line: InvoiceLine, credited_minor: int) -> InvoiceLine:
    """Return what was taken back of a line as a line that lowers it, as a discount does."""
    said = {"kind": "discount", "of": line.kind, "tax": line.derivation.get("tax")}
    return replace(
        line,
        frames=(*line.frames, framed("credited")),
        amount=Money(-credited_minor, line.amount.currency),
        derivation={name: fact for name, fact in said.items() if fact is not None},
    )


def _to_row(refund: Refund) -> dict[str, Any]:
    row = row_of(refund)
    amount = row.pop("amount")
    return {**row, "amount_minor": amount.minor, "currency": amount.currency}


def _from_row(row: RowMapping) -> Refund:
    values: dict[str, Any] = dict(row)
    amount = Money(values.pop("amount_minor"), values.pop("currency"))
    return Refund(amount=amount, **values)
