"""The sections about money: the card, and the invoices."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import CardDeclined, CardRefused, NotFound, PriceChanged
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.invoicing import Invoice, tell
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.invoices import send_file, show_page
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.paper import ENGLISH, TONES
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.explain_line import explain_line

# One hidden field, with a number, for each amount that the page says will be charged.
SHOWN = "shown_"


def show_card(desk: Desk, form: Form) -> Response:
    """Show the current card and a form for another one, and what is charged to it at once."""
    card: PaymentMethod | None = None
    due: tuple[Change, ...] = ()
    if desk.customer:
        with desk.engine.read() as tx:
            card = tx.customers.find_payment_method(desk.customer.id)
            due = changes_unpaid(tx, desk.customer, at=desk.engine.now_for(tx, desk.customer))
    plan_key = form.text("plan") or desk.request.query_params.get("plan", "")
    return desk.show("payment", form, card=card, due=due, cards=TEST_CARDS, plan_key=plan_key)


def save_card(desk: Desk, form: Form) -> Response:
    """Keep another card, pay with it what was waiting for one, and go back to the plan that it was entered for."""
    entry, form = read_card(form)
    if entry is None:
        return show_card(desk, form)
    try:
        customer = desk.ensure_customer()
        add_card(desk.engine, customer_id=customer.id, card=entry, actor=desk.user.id)
        for terms in (value for name, value in form.values.items() if name.startswith(SHOWN)):
            collect_pending(desk.engine, customer_id=customer.id, terms=terms, actor=desk.user.id)
    except PriceChanged:
        return desk.go_to("payment_details", "card")  # where it says what is to be paid now, if anything is
    except (CardDeclined, CardRefused) as error:
        return show_card(desk, card_refused(form, error))
    plan_key = form.text("plan")
    if plan_key and plan_key.replace("_", "").replace("-", "").isalnum():
        return RedirectResponse(f"{desk.url('plan_selection')}/{plan_key}", 303)
    return desk.go_to("payment_details", "card")


def show_invoices(desk: Desk, _form: Form) -> Response:
    """Show the newest invoices, and what the account has to its credit."""
    with desk.engine.read() as tx:
        invoices = tx.invoices.newest_of(desk.customer.id) if desk.customer else ()
        balances = tx.credits.balances(desk.customer.id) if desk.customer else ()
    issued = [invoice for invoice in invoices if invoice.is_issued]
    return desk.show("invoices", invoices=issued, balances=balances, words=ENGLISH.statuses, tones=TONES)


def show_invoice(desk: Desk, _form: Form) -> Response:
    """Show one of the account's own invoices, line by line; the line that is asked for with its whole explanation."""
    wanted = desk.request.query_params.get("line", "")
    invoice = _own_invoice(desk)
    explained = None
    if wanted.isascii() and wanted.isdecimal() and 0 < int(wanted[:6]) <= len(invoice.lines):
        with desk.engine.read() as tx:
            explained = explain_line(tx, invoice.id, int(wanted[:6]))
    return desk.show(
        "invoice",
        invoice=invoice,
        told=[tell(line) for line in invoice.lines],
        explained=explained,
        words=ENGLISH.statuses,
        tones=TONES,
    )


def show_document(desk: Desk, _form: Form) -> Response:
    """Show one of the account's own invoices as it is printed."""
    invoice = _own_invoice(desk)
    place = f"{desk.url('billing')}/{invoice.id}"
    return show_page(desk.request, desk.engine, invoice.id, f"{place}/pdf", place)


def send_invoice(desk: Desk, _form: Form) -> Response:
    """Send one of the account's own invoices as a file."""
    return send_file(desk.request, desk.engine, _own_invoice(desk).id)


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
