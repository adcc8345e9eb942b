"""The page of a checkout session: what is agreed to, what is due today, and a card to pay it with.

The address is signed, and whoever has it may pay. Where the page leads to was said by the seller with the key of a
program, and by nobody else. No script is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import (
    BillingError,
    BillingNotEnabled,
    CardDeclined,
    CardRefused,
    CheckoutOver,
    GatewayRefused,
    InvalidAddress,
    InvalidRequest,
    InvalidTaxId,
    PaymentMethodRequired,
    PriceChanged,
)
from billing_sdk.money import Money
from billing_sdk.server import web
from billing_sdk.server.domain.visits import CheckoutSession
from billing_sdk.server.pages.addresses import address_refused, require_country, typed_address, typed_tax_ids
from billing_sdk.server.pages.authenticate import address_of
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.checkout_words import features_told, told_plans, words_of_rhythm
from billing_sdk.server.pages.elsewhere import allow_pages, come_back, go_to, go_to_checkout
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.messages import application_for, page, show_message
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.checkout_links import PLACE, check_checkout_link
from billing_sdk.server.usecases.checkout_sessions import find_session, quote_session
from billing_sdk.server.usecases.complete_checkout import Reached, go_on, know_payer, pay_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.takes_cards import require_card_entry, takes_cards
from billing_sdk.server.usecases.tax_customer import taxes_shown
from billing_sdk.server.words import phrase

EMAIL: Final = {"email": phrase("your e-mail address")}
PENDING: Final = phrase(
    "The payment has begun, and its outcome is not known yet. Load the page again in a moment; nothing is paid twice."
)
CHANGED: Final = phrase("What is due has changed since this page was shown. Check it and pay again.")
NO_CARD: Final = phrase("Add a payment method first.")
WRONG: Final = 422


@dataclass(frozen=True, slots=True)
class _Visit:
    """Somebody at the page of a session."""

    request: Request
    engine: Engine
    session: CheckoutSession
    key: str

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"{PLACE}/{self.session.id}/{self.key}"

    @property
    def must_say_place(self) -> bool:
        """Whether it is to be said first where the customer is, since that decides the tax."""
        with self.engine.read() as tx:
            return _asks_place(tx, self.session)


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [
        Route(f"{PLACE}/{{checkout_session_id}}/{{checkout_key}}", page(show_session), methods=["GET"]),
        Route(f"{PLACE}/{{checkout_session_id}}/{{checkout_key}}", page(answer), methods=["POST"]),
    ]


def show_session(request: Request, engine: Engine) -> Response:
    """Show what is agreed to and due; whoever comes back from the bank goes on from where the payment is."""
    visit = _visit(request, engine)
    if visit.session.payment_intent_id is not None and visit.session.status != "complete":
        reached = go_on(engine, visit.session.id)
        if reached.standing == "complete":
            return _leave(visit, reached.session)
    return _over(visit) or _show(visit, Form())


def answer(request: Request, engine: Engine) -> Response:
    """Take what was typed: who pays and where they are, or the card, and lead on."""
    visit, fields = _visit(request, engine), web.form_of(request)
    # Whoever has the address may pay: what counts is that the form was sent from this page.
    web.check_csrf(request, fields, visit.key, engine.settings)
    try:
        return _over(visit) or _taken(visit, Form(fields))
    except CheckoutOver:  # whoever has sent the form twice gets to where it leads to
        over = _over(_visit(request, engine))
        if over is None:
            raise
        return over


def _taken(visit: _Visit, form: Form) -> Response:
    must_say_place = visit.must_say_place
    if visit.session.customer_id is None or must_say_place:
        form = require(form, EMAIL) if visit.session.customer_id is None else form
        if must_say_place:
            return _place(visit, form)
        if form.errors:
            return _show(visit, form)
    return _pay(visit, form)


def _place(visit: _Visit, form: Form) -> Response:
    form = require_country(form)
    if form.errors:
        return _show(visit, form)
    try:
        know_payer(
            visit.engine,
            visit.session.id,
            email=form.text("email"),
            address=typed_address(form),
            tax_ids=typed_tax_ids(form),
        )
    except (InvalidAddress, InvalidTaxId) as error:
        return _show(visit, address_refused(form, error))
    except InvalidRequest as error:
        return _show(visit, form.refused(error, "email"))
    return RedirectResponse(visit.path, 303)


def _pay(visit: _Visit, form: Form) -> Response:
    card = None
    is_leaving = bool(form.text("leave"))
    if not is_leaving and not form.text("use_saved_card"):
        require_card_entry(visit.engine)
        card, form = read_card(form)
        if card is None:
            return _show(visit, form)
    try:
        session = know_payer(visit.engine, visit.session.id, email=form.text("email"))
    except InvalidRequest as error:
        return _show(visit, form.refused(error, "email"))
    visit = _Visit(visit.request, visit.engine, session, visit.key)
    if is_leaving:
        customer_id = session.customer_id or ""
        return go_to_checkout(visit.request, visit.engine, customer_id=customer_id, path=visit.path, actor="user")
    try:
        reached = pay_session(visit.engine, session.id, card=card, shown=_shown(form))
    except (CardDeclined, CardRefused, GatewayRefused) as error:
        return _show(visit, card_refused(form, error))
    except PaymentMethodRequired:
        return _show(visit, form.wrong({"": NO_CARD}))
    except PriceChanged:
        return _show(visit, form.wrong({"": CHANGED}))
    return _go(visit, reached, form)


def _go(visit: _Visit, reached: Reached, form: Form) -> Response:
    if reached.standing == "complete":
        return _leave(visit, reached.session)
    if reached.url:
        return go_to(visit.request, visit.engine, address_of(reached.url, visit.engine, visit.path))
    return _show(visit, form.wrong({"": PENDING}))


def _show(visit: _Visit, form: Form) -> Response:
    request, engine = visit.request, visit.engine
    takes = takes_cards(engine)
    allow_pages(request, engine)
    _allow_way_out(visit)
    if not takes and visit.session.customer_id is not None:
        come_back(request, engine, customer_id=visit.session.customer_id, actor="user")
    quote, customer_id = quote_session(engine, visit.session.id), visit.session.customer_id
    with engine.read() as tx:
        features = tx.features.named(features_told(quote.plans))
        saved = None if customer_id is None else tx.customers.find_payment_method(customer_id)
        asks_place = _asks_place(tx, visit.session)
    return show(
        request,
        "checkout_session.html",
        status=WRONG if form.errors else 200,
        application=application_for(engine) or NOBODY,
        form=form.showing("email", visit.session.customer_email),
        plans=told_plans(quote.plans, visit.session, features),
        rhythm=words_of_rhythm(quote.plans),
        amounts=quote.amounts,
        taxes=taxes_shown(quote.lines),
        line_name=line_name,
        shown=quote.amounts.due.minor,
        currency=quote.amounts.due.currency,
        asks_email=customer_id is None,
        asks_place=asks_place,
        saved_card=label_of(saved) if saved else None,
        takes_cards=takes,
        cards=TEST_CARDS,
        place=visit.path,
        cancel_url=visit.session.cancel_url,
        csrf_token=web.csrf_token(visit.key),
    )


def _asks_place(tx: UnitOfWork, session: CheckoutSession) -> bool:
    if not session.is_taxed or session.customer_id is None:
        return session.is_taxed
    return tx.customers.get(session.customer_id).address is None


def _over(visit: _Visit) -> Response | None:
    """Return what is shown where there is nothing to pay any more."""
    status = visit.session.status_at(visit.engine.now())
    if status == "complete":
        return _leave(visit, visit.session)
    if status == "expired":
        return show_message(
            visit.request,
            headline=phrase("This page is over"),
            detail=phrase("Nothing was charged. Go back to the application, and begin again."),
            application=application_for(visit.engine) or NOBODY,
            return_url=visit.session.cancel_url,
        )
    return None


def _leave(visit: _Visit, session: CheckoutSession) -> Response:
    """Lead to where the seller wants its customers next; without that, say that all went well."""
    if session.success_url:
        _allow_way_out(visit)
        return RedirectResponse(session.url_after(_shown_id(visit)), 303)
    return show_message(
        visit.request,
        headline=phrase("Thank you"),
        detail=phrase("Your subscription has begun. There is nothing else to do here."),
        application=application_for(visit.engine) or NOBODY,
    )


def _allow_way_out(visit: _Visit) -> None:
    """Let the form of the page end where the seller wants its customers next."""
    if visit.session.success_url:
        web.allow_form_target(visit.request, visit.session.success_url)


def _visit(request: Request, engine: Engine) -> _Visit:
    session_id, key = request.path_params["checkout_session_id"], request.path_params["checkout_key"]
    if not engine.workspace.is_billing_enabled:
        raise BillingNotEnabled("billing is off")
    check_checkout_link(engine, session_id, key)
    with engine.read() as tx:
        return _Visit(request, engine, find_session(tx, session_id), key)


def _shown_id(visit: _Visit) -> str:
    """Return the id of the session as its seller's client knows it."""
    test = "" if visit.engine.settings.environment == "live" else "test_"
    return f"cs_{test}{visit.session.id.rpartition('_')[2]}"


def _shown(form: Form) -> Money | None:
    minor, currency = form.text("shown"), form.text("currency")
    try:
        return Money(int(minor), currency) if minor.isdecimal() and minor.isascii() and len(minor) < 16 else None
    except BillingError:
        return None
