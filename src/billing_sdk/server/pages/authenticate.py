"""The page that stands for the bank's: where the holder of a test card confirms a payment, or does not (3-D Secure)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.server import web
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.gateways.managed import AUTHENTICATE
from billing_sdk.server.pages.messages import application_for, page, show_message
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.usecases.begin_journey import find_journey
from billing_sdk.server.usecases.checkout_links import PLACE, way_out
from billing_sdk.server.usecases.confirm_payment import ConfirmedAs, confirm_payment, find_question
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.words import Phrase, phrase

# The parameter that says where the payer goes on: a page of this server where a payment has begun.
BACK: Final = "back"
JOURNEY: Final = "/journey/"
PLACES_TO_GO_BACK_TO: Final = re.compile(
    r"/(?:(?:journey|portal|checkout/session)/[A-Za-z0-9_/-]{1,200}|invoices/\w{1,64}/[0-9]{8}\.[\w-]{1,64}/pay)",
    re.ASCII,
)
SAID: Final[dict[ConfirmedAs, tuple[Phrase, Phrase]]] = {
    "paid": (phrase("The payment was confirmed"), phrase("It has gone through. There is nothing else to do here.")),
    "refused": (
        phrase("Nothing was charged"),
        phrase("It was not confirmed, or the bank has refused it. Try again, or use another card."),
    ),
    "pending": (
        phrase("The payment was confirmed"),
        phrase("What becomes of it is not known yet. There is nothing else to do here."),
    ),
    "over": (
        phrase("There is nothing to confirm any more"),
        phrase("This page was used before, or the payment has been given up."),
    ),
}


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [
        Route(f"{AUTHENTICATE}/{{reference}}", page(show_question), methods=["GET"]),
        Route(f"{AUTHENTICATE}/{{reference}}", page(answer), methods=["POST"]),
    ]


def address_of(url: str, engine: Engine, back: str) -> str:
    """Return where a payer is sent to confirm a payment; from a page of ours there is a way back to `back`."""
    is_ours = url.startswith(f"{engine.settings.base_url}{AUTHENTICATE}/")
    return f"{url}?{BACK}={back}" if is_ours else url


def show_question(request: Request, engine: Engine) -> Response:
    """Ask whether the payment is to be confirmed; looking at the page leaves it open."""
    reference = request.path_params["reference"]
    question = find_question(engine, reference)
    if question is None:
        return _tell(request, engine, "over", _back(request.query_params.get(BACK, "")))
    back = _back(request.query_params.get(BACK, ""))
    _allow_way_back(request, engine, back)
    return show(
        request,
        "authenticate.html",
        chosen_language=_language_at(request, engine, back),
        application=_seller(engine),
        question=question,
        card=label_of(question.method),
        back=back,
        place=f"{AUTHENTICATE}/{reference}",
        csrf_token=web.csrf_token(reference),
    )


def answer(request: Request, engine: Engine) -> Response:
    """Take the answer, and lead back to where the payment has begun.

    Raises:
        InvalidRequest: the form says neither.
    """
    reference, fields = request.path_params["reference"], web.form_of(request)
    # The holder of the card has no cookie of ours: what counts is that the form was sent from this page.
    web.check_csrf(request, fields, reference, engine.settings)
    said = fields.get("answer")
    if said not in ("complete", "fail"):
        find_question(engine, reference)
        raise InvalidRequest("the answer is neither complete nor fail", parameter="answer")
    back = _back(fields.get(BACK, ""))
    outcome = confirm_payment(engine, reference, is_confirmed=said == "complete")
    if back and outcome == "paid":
        note = "?done=confirmed" if back.startswith("/portal/") else ""
        return RedirectResponse(back + note, 303)
    return _tell(request, engine, outcome, back)


def _tell(request: Request, engine: Engine, outcome: ConfirmedAs, back: str) -> Response:
    headline, detail = SAID[outcome]
    return show_message(
        request,
        headline=headline,
        detail=detail,
        application=_seller(engine),
        return_url=back,
        return_label=phrase("Back"),
        chosen_language=_language_at(request, engine, back),
    )


def _seller(engine: Engine) -> str:
    return application_for(engine) or NOBODY


def _allow_way_back(request: Request, engine: Engine, back: str) -> None:
    """Let the form of an answer end at the application, where it leads there through a journey of this browser."""
    if back.startswith(f"{PLACE}/"):
        with suppress(BillingError):  # it is no page of a session: then it leads nowhere
            session_id, _, key = back.removeprefix(f"{PLACE}/").partition("/")
            web.allow_form_target(request, way_out(engine, session_id, key))
    journey = _journey_at(request, engine, back)
    if journey is not None:
        web.allow_form_target(request, journey.redirect_uri)


def _journey_at(request: Request, engine: Engine, back: str) -> Journey | None:
    """Return the journey that a payment has begun in; None where it is over, or another browser's."""
    if not back.startswith(JOURNEY):
        return None
    journey_id = back.removeprefix(JOURNEY).partition("/")[0]
    browser_key = web.read_journey_key(request, engine.settings, journey_id)
    if browser_key is None:
        return None
    with suppress(BillingError):
        return find_journey(engine, journey_id=journey_id, browser_key=browser_key)
    return None


def _language_at(request: Request, engine: Engine, back: str) -> str | None:
    """Return the language that was asked for, or is preferred, at the place where a payment has begun."""
    journey = _journey_at(request, engine, back)
    if journey is not None:
        return journey.language
    visit = web.read_portal_visit(request, engine) if back.startswith("/portal/") else None
    if visit is None:
        return None
    with engine.read() as tx:
        user = tx.users.find(visit.user_id)
    return None if user is None else language_of_person(user)


def _back(wanted: str) -> str:
    """Return a place on this server that a payment begins at; empty where something else was asked for."""
    return wanted if PLACES_TO_GO_BACK_TO.fullmatch(wanted) else ""
