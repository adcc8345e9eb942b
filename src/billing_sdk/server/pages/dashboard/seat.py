"""The seat: which operator is at the dashboard, in which browser session, and the page that they get."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import (
    BillingError,
    GatewayRefused,
    GatewayUnauthorized,
    GatewayUnreachable,
    InvalidOAuthState,
    StripeKeyMismatch,
)
from billing_sdk.server import web
from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import new_nonce
from billing_sdk.server.pages.dashboard.navigation import HOME, NAVIGATION, section_at
from billing_sdk.server.pages.dashboard.notes import NOTES
from billing_sdk.server.pages.forms import WRONG, Form
from billing_sdk.server.pages.messages import page, show_error
from billing_sdk.server.pages.rendering import PLAIN, show
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import require_operator
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Phrase, phrase

NAME = phrase("Dashboard")
# The field that makes one form of all its copies.
ONCE = "once"
ONE_KEY = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
SIGN_IN = "/dashboard/sign-in"

# Why somebody who was sent to Stripe came back without an account; the address names it by its code only.
REFUSALS = {
    kind.code: phrase(
        "%(title)s: no Stripe account was linked. %(remedy)s",
        title=Phrase(kind.title),
        remedy=Phrase(kind.default_remedy),
    )
    for kind in (GatewayRefused, GatewayUnauthorized, GatewayUnreachable, InvalidOAuthState, StripeKeyMismatch)
}


@dataclass(frozen=True, slots=True)
class Seat:
    """An operator who has signed in."""

    request: Request
    engine: Engine
    session_key: str = field(repr=False)
    operator: User

    def show(self, template: str, form: Form | None = None, *, status: int = 200, **values: Any) -> Response:
        """Return a page of the dashboard."""
        form = form or Form()
        return show(
            self.request,
            f"dashboard/{template}.html",
            status=WRONG if form.errors else status,
            application=name_for(self.request),
            brand=PLAIN,
            csrf_token=web.csrf_token(self.session_key),
            operator=self.operator,
            navigation=NAVIGATION,
            at_section=section_at(self.request.url.path),
            once_key=new_nonce(),
            done=NOTES.get(self.request.query_params.get("done", ""), ""),
            refused=REFUSALS.get(self.request.query_params.get("refused", ""), ""),
            form=form,
            **values,
        )

    def once(self, form: Form, act: Callable[[Engine], str]) -> str:
        """Do what a form asks for, and return where to go on; a second copy of the form does nothing, and leads there.

        Args:
            form: has the field that `parts/forms.html: once` gives it.
            act: does it with the engine that it is given, and returns an address of this dashboard.

        Raises:
            Conflict: the first copy is at it right now.
            IdempotencyMismatch: the form was sent before with other values in it.
        """
        sent = "\n".join(f"{name}={value}" for name, value in sorted(form.values.items()))
        digest = hashlib.sha256(f"{self.request.url.path}\n{sent}".encode()).hexdigest()
        key = form.values.get(ONCE, "")
        claim = Claim(f"dashboard:{self.operator.id}", key, digest) if ONE_KEY.fullmatch(key) else None
        here = StoredAnswer(303, self.request.url.path)
        with self.engine.calling(claim, refusal=lambda _error: here) as engine:
            assert engine.call is not None  # noqa: S101 - what `calling` is for
            earlier = engine.call.begin()
            if earlier is not None:
                return earlier.body
            url = act(engine)
            engine.call.answer(StoredAnswer(303, url))
        return url

    def go_to(self, url: str, note: str = "") -> Response:
        """Send the browser to a page of the dashboard, which then says what has happened.

        Args:
            url: its address, which nobody but this server has chosen.
            note: the key of what it says (`notes.NOTES`).
        """
        mark = "&" if "?" in url else "?"
        return RedirectResponse(f"{url}{mark}done={note}" if note else url, 303)


def name_for(request: Request) -> str:
    """Return what these pages are called in the operator's language."""
    return language_of(request).say(NAME)


Serve = Callable[[Seat], Response]
Submit = Callable[[Seat, Form], Response]


def seat_route(path: str, serve: Serve, submit: Submit | None = None, *, takes_files: bool = False) -> BaseRoute:
    """Return the route of a page for operators; whoever has not signed in is sent to do so.

    Args:
        path: its address.
        serve: returns the page.
        submit: acts on a form that was sent from it.
        takes_files: the form brings files, which `web.upload_of` returns.
    """

    def at(request: Request, engine: Engine) -> Response:
        session_key = web.read_session_key(request, engine.settings)
        session = web.read_session(request, engine)
        if session_key is None or session is None:
            return RedirectResponse(SIGN_IN, 303)
        try:
            operator = require_operator(engine, user_id=session.user_id)
            seat = Seat(request, engine, session_key, operator)
            if request.method != "POST" or submit is None:
                return serve(seat)
            fields = web.upload_of(request).fields if takes_files else web.form_of(request)
            web.check_csrf(request, fields, session_key, engine.settings)
            return submit(seat, Form(fields))
        except BillingError as error:
            return show_error(request, error, application=name_for(request), is_operator=True)

    return Route(path, page(at), methods=["GET", "POST"] if submit else ["GET"])


def billing_route(path: str, serve: Serve, submit: Submit | None = None) -> BaseRoute:
    """Return the route of a page that there is while billing is on; the dashboard's first page says so otherwise."""

    def serve_billing(seat: Seat) -> Response:
        return serve(seat) if seat.engine.workspace.is_billing_enabled else seat.go_to(HOME)

    def submit_billing(seat: Seat, form: Form) -> Response:
        return submit(seat, form) if submit and seat.engine.workspace.is_billing_enabled else seat.go_to(HOME)

    return seat_route(path, serve_billing, submit_billing if submit else None)
