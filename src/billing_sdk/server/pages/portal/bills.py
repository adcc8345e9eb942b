"""The sections about invoices: the list, each line by line, on paper and as a file, and the way to pay one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    Conflict,
    NotFound,
    PaymentMethodRequired,
    PaymentPending,
    PriceChanged,
)
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, InvoiceStatus, PendingCharge
from billing_sdk.server.pages.authenticate import address_of
from billing_sdk.server.pages.elsewhere import allow_pages, go_on_elsewhere
from billing_sdk.server.pages.explaining import Explained, explained_line
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.invoices import paper_for, send_file, show_page
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.pages.reason_words import told_words
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.gateway_pages import gateway_pages
from billing_sdk.server.usecases.parties import parties_of, profile_of
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.tax_customer import is_taxed_later
from billing_sdk.server.usecases.upcoming_invoices import Upcoming, upcoming_invoices
from billing_sdk.server.words import Phrase, phrase

CHANGED_MEANWHILE = phrase("What is to be paid has changed. Look at it again.")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Said:
    """What a status is called, and how it is coloured."""

    label: Phrase
    tone: str


STATUSES: Final[Mapping[InvoiceStatus, Said]] = {
    "issued": Said(phrase("Open"), "note"),
    "overdue": Said(phrase("Overdue"), "bad"),
    "paid": Said(phrase("Paid"), "good"),
    "uncollectible": Said(phrase("Written off"), "plain"),
    "void": Said(phrase("Void"), "plain"),
}
# What a list can be of, in this order.
CHOICES: Final[tuple[InvoiceStatus, ...]] = ("issued", "overdue", "paid", "void")


def show_invoices(desk: Desk, _form: Form) -> Response:
    """Show the invoices page by page, the newest first, and what the account has to its credit."""
    query = desk.request.query_params
    status = next((known for known in CHOICES if known == query.get("status")), None)
    after = query.get("after") or None
    invoices: tuple[Invoice, ...] = ()
    balances: tuple[Money, ...] = ()
    has_credit = is_billed = False
    if desk.customer:
        with desk.engine.read() as tx:
            _require_place(tx, desk.customer, after)
            invoices = tx.invoices.newest_of(desk.customer.id, limit=PAGE_SIZE + 1, status=status, after=after)
            balances = tx.credits.balances(desk.customer.id)
            grants = tx.grants.list(PageRequest(1), customer_id=desk.customer.id, with_units=True)
            live = tx.agreements.live_of(desk.customer.id)
            is_billed = bool(live)
            has_credit = bool(grants.items) or (desk.may("top_up") and _pays_for_usage(tx, live))
    shown = invoices[:PAGE_SIZE]
    return desk.show(
        "invoices",
        Form({"status": status or ""}),
        invoices=shown,
        balances=balances,
        has_credit=has_credit,
        is_billed=is_billed,
        is_part=bool(after or status),
        choices=(("", phrase("All")), *((known, STATUSES[known].label) for known in CHOICES)),
        next_url=_place(desk, status, shown[-1].id) if len(invoices) > PAGE_SIZE else "",
        first_url=_place(desk, status, None) if after else "",
        statuses=STATUSES,
    )


def _pays_for_usage(tx: UnitOfWork, agreements: Iterable[Agreement]) -> bool:
    """Tell whether usage is charged under some agreements, which credit could pay."""
    return any(tx.catalog.get_version(agreement.plan_version_id).of_kind(Rate) for agreement in agreements)


def _place(desk: Desk, status: str | None, after: str | None) -> str:
    """Return where a part of the list is."""
    named = {name: value for name, value in (("status", status), ("after", after)) if value}
    return desk.url("billing") + (f"?{urlencode(named)}" if named else "")


def _require_place(tx: UnitOfWork, customer: Customer, after: str | None) -> None:
    """Let a list go on after one of the customer's own invoices.

    Raises:
        NotFound: it is another account's, or not issued yet.
    """
    if after is not None:
        invoice = tx.invoices.find(after)
        if invoice is None or invoice.customer_id != customer.id or not invoice.is_issued:
            raise NotFound("there is no such invoice", remedy="Begin at the first page of the list.")


def show_upcoming(desk: Desk, _form: Form) -> Response:
    """Show the invoices that are to come, line by line, as if no more were used and nothing changed until then."""
    upcoming: tuple[Upcoming, ...] = ()
    is_taxed = False
    if desk.customer:
        with desk.engine.read() as tx:
            tx.look_ahead([agreement.id for agreement in tx.agreements.live_of(desk.customer.id)])
            upcoming = upcoming_invoices(tx, desk.engine, desk.customer)
            is_taxed = is_taxed_later(tx, desk.customer)
    return desk.show("upcoming", upcoming=upcoming, line_name=line_name, is_taxed_later=is_taxed)


def show_invoice(desk: Desk, form: Form) -> Response:
    """Show one of the account's own invoices, line by line; the line that is asked for with its whole explanation."""
    wanted = desk.request.query_params.get("line", "")
    invoice = _own_invoice(desk)
    allow_pages(desk.request, desk.engine)
    explained: Explained | None = None
    with desk.engine.read() as tx:
        charge = tx.charges.of_invoice(invoice.id)
        card = tx.customers.find_payment_method(invoice.customer_id)
        notes = [(note, tx.refunds.find_by_note(note.id)) for note in tx.credit_notes.of_invoice(invoice.id)]
        disputes = tx.disputes.of_payment(invoice.payment_id) if invoice.payment_id else ()
        gateway_url = gateway_pages(tx, [invoice.id]).get(invoice.id, "")
        customer = tx.customers.get(invoice.customer_id)
        supplier, billed = parties_of(tx, invoice, customer, profile_of(tx, invoice, customer))
    number = int(wanted[:6]) if wanted.isascii() and wanted.isdecimal() else 0
    if 0 < number <= len(invoice.lines):
        with desk.engine.read() as tx:
            explained = explained_line(tx, invoice, number)
    lines = stretch_of(desk.request, invoice.lines, including=number - 1 if explained else None)
    return desk.show(
        "invoice",
        form,
        card=label_of(card) if card else None,
        confirm_url=_confirm_url(desk, invoice, charge),
        gateway_url=gateway_url if invoice.collection_method == "send_invoice" else "",
        notes=notes,
        disputes=[dispute for dispute in disputes if dispute.kind == "dispute"],
        invoice=invoice,
        supplier=supplier.name or desk.application,
        billed=billed.name,
        line_name=line_name,
        lines=lines,
        told=[told_words(line) for line in lines.items],
        explained=explained,
        statuses=STATUSES,
    )


def _confirm_url(desk: Desk, invoice: Invoice, charge: PendingCharge | None) -> str:
    """Return where the payment of an invoice waits for its payer; empty where none does."""
    if charge is None or charge.awaits is None or charge.awaits.url is None:
        return ""
    return address_of(charge.awaits.url, desk.engine, desk.url(f"billing/{invoice.id}"))


def pay(desk: Desk, form: Form) -> Response:
    """Pay one of the account's own invoices by the card on file, and show what has become of it."""
    invoice = _own_invoice(desk)
    shown = form.text("due_minor")
    due = Money(int(shown), invoice.currency) if shown.isascii() and shown.isdecimal() and len(shown) < 17 else None
    try:
        pay_now(desk.engine, invoice_id=invoice.id, amount=due or zero(invoice.currency), actor=desk.user.id)
    except PaymentMethodRequired:
        return desk.go_to("payment_details")
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(desk.request, desk.engine, waits, back=desk.url(f"billing/{invoice.id}"))
        return elsewhere or desk.go_to(f"billing/{invoice.id}", "pending")
    except PriceChanged:
        return show_invoice(desk, form.wrong({"": CHANGED_MEANWHILE}))
    except (CardDeclined, Conflict) as error:
        return show_invoice(desk, form.refused(error))
    return desk.go_to(f"billing/{invoice.id}", "paid")


def show_document(desk: Desk, _form: Form) -> Response:
    """Show one of the account's own invoices as it is printed."""
    invoice = _own_invoice(desk)
    place = f"{desk.url('billing')}/{invoice.id}"
    paper = paper_for(desk.request, desk.engine, "invoices", invoice.id)
    return show_page(desk.request, paper, file_url=f"{place}/pdf", back_url=place)


def send_invoice(desk: Desk, _form: Form) -> Response:
    """Send one of the account's own invoices as a file."""
    invoice = _own_invoice(desk)
    return send_file(desk.engine, invoice.id, paper_for(desk.request, desk.engine, "invoices", invoice.id))


def send_credit_note(desk: Desk, _form: Form) -> Response:
    """Send a credit note of one of the account's own invoices as a file.

    Raises:
        NotFound: the invoice has no such note.
    """
    invoice, wanted = _own_invoice(desk), desk.request.path_params["note_id"]
    with desk.engine.read() as tx:
        notes = tx.credit_notes.of_invoice(invoice.id)
    if wanted not in {note.id for note in notes}:
        raise NotFound("there is no such credit note", remedy="Choose one from the page of the invoice.")
    return send_file(desk.engine, wanted, paper_for(desk.request, desk.engine, "credit_notes", wanted))


def _own_invoice(desk: Desk) -> Invoice:
    """Return the invoice of the address.

    Raises:
        NotFound: it is another account's, or not issued yet.
    """
    with desk.engine.read() as tx:
        invoice = tx.invoices.get(desk.request.path_params["invoice_id"])
    if desk.customer is None or invoice.customer_id != desk.customer.id or not invoice.is_issued:
        raise NotFound("there is no such invoice", remedy="Choose one from the list.")
    return invoice
