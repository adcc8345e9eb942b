"""The page where an invoice is paid by whoever has its address: what is due, and a card that is charged this once.

An address may be handed on, so the page says nothing of how the customer pays otherwise, and keeps nothing of the card.
No script is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingNotEnabled,
    CardDeclined,
    CardRefused,
    Conflict,
    GatewayRefused,
    InvoiceNotPayable,
    PaymentPending,
    PriceChanged,
    RateLimited,
)
from billing_sdk.money import Money, zero
from billing_sdk.server import web
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.elsewhere import go_on_elsewhere, go_to
from billing_sdk.server.pages.forms import WRONG, Form
from billing_sdk.server.pages.messages import application_for, page, show_message
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.usecases.customer_language import languages_of_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_pages import gateway_page
from billing_sdk.server.usecases.invoice_links import check_link
from billing_sdk.server.usecases.parties import parties_of, profile_of
from billing_sdk.server.usecases.pay_by_link import pay_by_link
from billing_sdk.server.usecases.takes_cards import require_card_entry, takes_cards
from billing_sdk.server.web.languages import LANGUAGE
from billing_sdk.server.words import Phrase, phrase, waiting_time

PLACE: Final = "/invoices/{document_id}/{key}"
CHANGED: Final = phrase("What is due has changed since this page was shown. Check it and pay again.")
UNDER_WAY: Final = phrase(
    "Another payment of this invoice is under way. Load the page again in a moment; nothing is paid twice."
)
THANKS: Final = phrase("Thank you, the invoice is paid"), phrase("There is nothing else to do here.")
NOTHING: Final = phrase("There is nothing to pay"), phrase("This invoice is not owed any more.")
ELSEWHERE: Final = (
    phrase("This invoice can't be paid here"),
    phrase("Open your account in the application, and add a payment method there. The invoice is then paid with it."),
)


@dataclass(frozen=True, slots=True)
class _Visit:
    """Somebody with the address of an invoice."""

    request: Request
    engine: Engine
    invoice: Invoice
    key: str
    languages: tuple[str, ...]

    @property
    def asked(self) -> str:
        """What the addresses of its pages end with, where this one asks for another language than the customer's."""
        tag = self.request.query_params.get(LANGUAGE, "")
        return f"?{urlencode({LANGUAGE: tag})}" if tag else ""

    @property
    def invoice_path(self) -> str:
        """Where the invoice can be read."""
        return PLACE.format(document_id=self.invoice.id, key=self.key) + self.asked

    @property
    def place(self) -> str:
        """Where the page is, in whatever language."""
        return f"{PLACE.format(document_id=self.invoice.id, key=self.key)}/pay"

    @property
    def path(self) -> str:
        """Where the page is in the language that was asked for."""
        return self.place + self.asked


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [
        Route(f"{PLACE}/pay", page(show_payment), methods=["GET"]),
        Route(f"{PLACE}/pay", page(answer), methods=["POST"]),
    ]


def pay_url(engine: Engine, invoice_id: str, key: str) -> str:
    """Return where an invoice can be paid by whoever has its address; empty where it can't be, or is not owed."""
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
    if not invoice.is_owed or not engine.workspace.is_billing_enabled:
        return ""
    is_possible = takes_cards(engine) or gateway_page(engine, invoice_id) is not None
    return f"{PLACE.format(document_id=invoice_id, key=key)}/pay" if is_possible else ""


def show_payment(request: Request, engine: Engine) -> Response:
    """Show what is due and ask for a card, or lead to the page of the processor that takes it."""
    visit = _visit(request, engine)
    return _over(visit) or _show(visit, Form())


def answer(request: Request, engine: Engine) -> Response:
    """Charge the card that was typed, once."""
    key, fields = request.path_params["key"], web.form_of(request)
    # Whoever has the address may pay: what counts is that the form was sent from this page.
    web.check_csrf(request, fields, key, engine.settings)
    visit = _visit(request, engine)
    over = _over(visit)
    if over is not None:  # it was sent twice, or somebody else was first
        return over
    require_card_entry(engine)
    form = Form(fields)
    card, form = read_card(form)
    if card is None:
        return _show(visit, form)
    try:
        pay_by_link(
            engine,
            invoice_id=visit.invoice.id,
            card=card,
            shown=_shown(form, visit.invoice),
            address=web.client_address(request, engine.settings),
        )
    except (AuthenticationRequired, PaymentPending) as waits:
        return go_on_elsewhere(request, engine, waits, back=visit.place) or _again(visit, form.wrong({"": UNDER_WAY}))
    except (CardDeclined, CardRefused, GatewayRefused) as error:
        return _show(visit, card_refused(form, error))
    except RateLimited as error:
        return _told_to_wait(visit, form, error)
    except (PriceChanged, InvoiceNotPayable):
        return _again(visit, form.wrong({"": CHANGED}))
    except Conflict:  # the same form, sent at the same time
        return _again(visit, form.wrong({"": UNDER_WAY}))
    return RedirectResponse(visit.path, 303)


def _again(visit: _Visit, form: Form) -> Response:
    """Show the page with what is due by now; where that is nothing, say so."""
    visit = _visit(visit.request, visit.engine)
    return _over(visit) or _show(visit, form)


def _told_to_wait(visit: _Visit, form: Form, error: RateLimited) -> Response:
    words = phrase("There were too many attempts. Wait %(time)s and try again.", time=waiting_time(error))
    response = _show(visit, form.wrong({"": words}))
    response.status_code = error.status
    response.headers.update(web.error_headers(visit.request, error))
    return response


def _show(visit: _Visit, form: Form) -> Response:
    request, engine, invoice = visit.request, visit.engine, visit.invoice
    if not takes_cards(engine):
        url = gateway_page(engine, invoice.id)
        return _tell(visit, ELSEWHERE) if url is None else go_to(request, engine, url)
    with engine.read() as tx:
        customer = tx.customers.get(invoice.customer_id)
        supplier, _ = parties_of(tx, invoice, customer, profile_of(tx, invoice, customer))
    application = application_for(engine)
    return show(
        request,
        "invoice_payment.html",
        status=WRONG if form.errors else 200,
        written_in=visit.languages,
        application=application,
        seller=supplier.name or ("" if application == NOBODY else application),
        form=form,
        invoice=invoice,
        cards=TEST_CARDS,
        place=visit.path,
        invoice_url=visit.invoice_path,
        csrf_token=web.csrf_token(visit.key),
    )


def _over(visit: _Visit) -> Response | None:
    """Return what is shown where there is nothing to pay any more."""
    if visit.invoice.is_owed:
        return None
    return _tell(visit, THANKS if visit.invoice.status == "paid" else NOTHING)


def _tell(visit: _Visit, said: tuple[Phrase, Phrase]) -> Response:
    headline, detail = said
    return show_message(
        visit.request,
        headline=headline,
        detail=detail,
        application=application_for(visit.engine),
        return_url=visit.invoice_path,
        return_label=phrase("See the invoice"),
        written_in=visit.languages,
    )


def _visit(request: Request, engine: Engine) -> _Visit:
    """Return who has come to the page.

    Raises:
        BillingNotEnabled: billing is off.
        NotFound: the address was altered, is for another invoice, or its time is over.
    """
    if not engine.workspace.is_billing_enabled:
        raise BillingNotEnabled("billing is off")
    invoice_id, key = request.path_params["document_id"], request.path_params["key"]
    check_link(engine, "invoices", document_id=invoice_id, key=key)
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
        customer = tx.customers.get(invoice.customer_id)
        languages = languages_of_customer(tx, customer, profile_of(tx, invoice, customer))
        return _Visit(request, engine, invoice, key, languages)


def _shown(form: Form, invoice: Invoice) -> Money:
    """Return what the page has said is due, in the currency of the invoice; nothing where the form does not say."""
    minor = form.text("due_minor")
    is_amount = minor.isascii() and minor.isdecimal() and len(minor) < 17
    return Money(int(minor), invoice.currency) if is_amount else zero(invoice.currency)
