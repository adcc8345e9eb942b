"""Invoices: the list by status, date and customer; each with its lines, payments and credit notes, and as a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.server.domain.invoicing import CreditNote, InvoiceStatus, Payment, Refund
from billing_sdk.server.pages.dashboard.days import day_in, midnight
from billing_sdk.server.pages.dashboard.invoice_deeds import DEEDS, DESTINATION_OPTIONS, offered
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    Row,
    asked,
    listing,
    one_of,
    row,
)
from billing_sdk.server.pages.dashboard.names import called, called_by_id
from billing_sdk.server.pages.dashboard.places import CUSTOMERS, DISPUTES, INVOICES
from billing_sdk.server.pages.dashboard.seat import Seat, Submit, billing_route
from billing_sdk.server.pages.dashboard.statuses import (
    DISPUTE_STATUSES,
    INVOICE_STATUSES,
    PAYMENT_STATUSES,
    options_of,
    status_cell,
)
from billing_sdk.server.pages.explaining import Explained, explained_line
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.invoices import paper_for, send_file
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage.invoice_lists import ListedWanted
from billing_sdk.server.usecases.gateway_pages import gateway_pages
from billing_sdk.server.words import method_words, phrase

COLUMNS = (
    Column(phrase("Number")),
    Column(phrase("Customer")),
    Column(phrase("Date")),
    Column(phrase("Status")),
    Column(phrase("Amount"), is_number=True),
)
PAYMENT_COLUMNS = (
    Column(phrase("Date")),
    Column(phrase("Method")),
    Column(phrase("Status")),
    Column(phrase("Amount"), is_number=True),
)
NOTE_COLUMNS = (
    Column(phrase("Number")),
    Column(phrase("Date")),
    Column(phrase("Reason")),
    Column(phrase("Amount"), is_number=True),
)
REFUNDS = {
    "pending": phrase("The refund has begun."),
    "succeeded": phrase("Refunded."),
    "failed": phrase("The refund has failed; the amount is on the balance."),
}
MOST_DIGITS = 6


def show_invoices(seat: Seat) -> Response:
    """Show invoices, the latest first."""
    request = seat.request
    status = one_of(request, "status", INVOICE_STATUSES)
    start, end = _day(asked(request, "from")), _day(asked(request, "until"))
    customer_id = asked(request, "customer")
    wanted = ListedWanted(
        status=cast("InvoiceStatus", status) or None,
        customer_id=customer_id or None,
        issued_from=start,
        issued_before=None if end is None else end + timedelta(days=1),
        after=asked(request, AFTER) or None,
    )
    with seat.engine.read() as tx:
        found = tx.invoice_lists.listed(wanted, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        names = called_by_id(tx, [invoice.customer_id for invoice in shown])
    rows = [
        row(
            Cell(invoice.number or INVOICE_STATUSES[invoice.status].label, url=f"{INVOICES}/{invoice.id}"),
            Cell(
                names[invoice.customer_id],
                url=f"{CUSTOMERS}/{invoice.customer_id}",
            ),
            invoice.issued_at or invoice.created_at,
            status_cell(INVOICE_STATUSES, invoice.status),
            invoice.amount,
        )
        for invoice in shown
    ]
    last = shown[-1].id if len(found) > PAGE_SIZE else ""
    filters = {
        "status": status,
        "customer": customer_id,
        "from": asked(request, "from"),
        "until": asked(request, "until"),
    }
    return seat.show(
        "invoices/list",
        Form(filters),
        listing=listing(request, COLUMNS, rows, last=last, filters=filters),
        is_filtered=any(filters.values()),
        statuses=options_of(INVOICE_STATUSES),
    )


def show_invoice(seat: Seat) -> Response:
    """Show an invoice; the line that is asked for with all that its amount was made of."""
    return _page(seat, Form())


def _page(seat: Seat, form: Form) -> Response:
    wanted = asked(seat.request, "line")
    with seat.engine.read() as tx:
        invoice = tx.invoices.get(seat.request.path_params["invoice_id"])
        customer = tx.customers.get(invoice.customer_id)
        name = called(tx, [customer])[customer.id]
        payments = tx.invoices.payments_for(invoice.id)
        notes = [(note, tx.refunds.find_by_note(note.id)) for note in tx.credit_notes.of_invoice(invoice.id)]
        disputes = tx.disputes.of_payment(invoice.payment_id) if invoice.payment_id else ()
        dunning = tx.dunnings.find(invoice.id)
        elsewhere = gateway_pages(tx, [invoice.id]).get(invoice.id, "")
        replaces = tx.invoices.find(invoice.replaces_id) if invoice.replaces_id else None
        explained: Explained | None = None
        number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) <= MOST_DIGITS else 0
        if 0 < number <= len(invoice.lines):
            explained = explained_line(tx, invoice, number)
    return seat.show(
        "invoices/show",
        form.showing("amount", f"{invoice.amount_due.major}"),
        invoice=invoice,
        line_name=line_name,
        lines=stretch_of(seat.request, invoice.lines, including=explained.number - 1 if explained else None),
        said=INVOICE_STATUSES[invoice.status],
        customer=customer,
        name=name,
        url=f"{INVOICES}/{invoice.id}",
        customer_url=f"{CUSTOMERS}/{customer.id}",
        explained=explained,
        payment_columns=PAYMENT_COLUMNS,
        payment_rows=[_payment_row(payment) for payment in payments],
        note_columns=NOTE_COLUMNS,
        note_rows=[_note_row(note, refund) for note, refund in notes],
        disputes=[(f"{DISPUTES}/{one.id}", one.amount, DISPUTE_STATUSES[one.status]) for one in disputes],
        dunning=dunning,
        elsewhere=elsewhere,
        replaces=replaces,
        offered=offered(invoice),
        destinations=DESTINATION_OPTIONS,
    )


def _payment_row(payment: Payment) -> Row:
    return row(
        payment.attempted_at,
        Cell(method_words(payment.method), note=payment.decline_code or payment.reference or ""),
        status_cell(PAYMENT_STATUSES, payment.status),
        payment.amount,
    )


def _note_row(note: CreditNote, refund: Refund | None) -> Row:
    return row(
        Cell(note.number, note=REFUNDS[refund.status] if refund is not None else ""),
        note.issued_at,
        note.reason,
        note.amount,
    )


def send_pdf(seat: Seat) -> Response:
    """Send an invoice as a file."""
    invoice_id = seat.request.path_params["invoice_id"]
    return send_file(seat.engine, invoice_id, paper_for(seat.request, seat.engine, "invoices", invoice_id))


def _doing(name: str) -> Submit:
    """Return what a button of the page does; what is refused stands beside the field that it is about."""

    def submit(seat: Seat, form: Form) -> Response:
        with seat.engine.read() as tx:
            invoice = tx.invoices.get(seat.request.path_params["invoice_id"])
        done = DEEDS[name](seat, invoice, form)
        return _page(seat, done) if isinstance(done, Form) else done

    return submit


def _day(text: str) -> datetime | None:
    """Return the beginning of a day that was typed; None where it is none."""
    day = day_in(text)
    return None if day is None else midnight(day)


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(INVOICES, show_invoices),
    billing_route(f"{INVOICES}/{{invoice_id}}", show_invoice),
    billing_route(f"{INVOICES}/{{invoice_id}}/pdf", send_pdf),
    *(billing_route(f"{INVOICES}/{{invoice_id}}/{name}", show_invoice, _doing(name)) for name in DEEDS),
)
