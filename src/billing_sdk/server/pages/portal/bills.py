"""The sections about invoices: the list, each line by line, on paper and as a file, and the way to pay one."""

from __future__ import annotations

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
from billing_sdk.server.domain.invoicing import Invoice, PendingCharge, tell
from billing_sdk.server.pages.authenticate import address_of
from billing_sdk.server.pages.elsewhere import allow_pages, go_on_elsewhere
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.invoices import paper_for, send_file, show_page
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.paper import ENGLISH, TONES
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.gateway_pages import gateway_pages
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.words import phrase

CHANGED_MEANWHILE = phrase("What is to be paid has changed. Look at it again.")


def show_invoices(desk: Desk, _form: Form) -> Response:
    """Show the newest invoices, and what the account has to its credit."""
    with desk.engine.read() as tx:
        invoices = tx.invoices.newest_of(desk.customer.id) if desk.customer else ()
        balances = tx.credits.balances(desk.customer.id) if desk.customer else ()
        has_credit = bool(
            desk.customer and tx.grants.list(PageRequest(1), customer_id=desk.customer.id, with_units=True).items
        )
    issued = [invoice for invoice in invoices if invoice.is_issued]
    return desk.show(
        "invoices", invoices=issued, balances=balances, has_credit=has_credit, words=ENGLISH.statuses, tones=TONES
    )


def show_invoice(desk: Desk, form: Form) -> Response:
    """Show one of the account's own invoices, line by line; the line that is asked for with its whole explanation."""
    wanted = desk.request.query_params.get("line", "")
    invoice = _own_invoice(desk)
    allow_pages(desk.request, desk.engine)
    explained = None
    with desk.engine.read() as tx:
        charge = tx.charges.of_invoice(invoice.id)
        card = tx.customers.find_payment_method(invoice.customer_id)
        notes = [(note, tx.refunds.find_by_note(note.id)) for note in tx.credit_notes.of_invoice(invoice.id)]
        disputes = tx.disputes.of_payment(invoice.payment_id) if invoice.payment_id else ()
        gateway_url = gateway_pages(tx, [invoice.id]).get(invoice.id, "")
    if wanted.isascii() and wanted.isdecimal() and 0 < int(wanted[:6]) <= len(invoice.lines):
        with desk.engine.read() as tx:
            explained = explain_line(tx, invoice.id, int(wanted[:6]))
    return desk.show(
        "invoice",
        form,
        card=card,
        confirm_url=_confirm_url(desk, invoice, charge),
        gateway_url=gateway_url if invoice.collection_method == "send_invoice" else "",
        notes=notes,
        disputes=[dispute for dispute in disputes if dispute.kind == "dispute"],
        invoice=invoice,
        told=[tell(line) for line in invoice.lines],
        explained=explained,
        words=ENGLISH.statuses,
        tones=TONES,
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
