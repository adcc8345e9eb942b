"""The seat: which operator is at the dashboard, in which browser session, and the page that they get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from billing_sdk.server.pages.dashboard.navigation import HOME, NAVIGATION, section_at
from billing_sdk.server.pages.dashboard.notes import NOTES
from billing_sdk.server.pages.forms import WRONG, Form
from billing_sdk.server.pages.messages import page, show_error
from billing_sdk.server.pages.once import copies_lead_to, do_once
from billing_sdk.server.pages.rendering import PLAIN, show
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import require_operator
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Phrase, phrase

NAME = phrase("Dashboard")
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
            done=NOTES.get(self.request.query_params.get("done", ""), ""),
            refused=REFUSALS.get(self.request.query_params.get("refused", ""), ""),
            form=form,
            **values,
        )

    def show_secret(self, template: str, *, url: str, **values: Any) -> Response:
        """Return the answer to a form that shows a secret this once; no address leads back to it, no cache keeps it.

        Args:
            template: of the page.
            url: where the page of its thing is, to which a copy of the form leads, and the page itself.
            **values: what the page shows.
        """
        mark = "&" if "?" in url else "?"
        copies_lead_to(self.request, then=f"{url}{mark}done=shown_once")
        return self.show(template, url=url, **values)

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


def seat_route(
    path: str, serve: Serve, submit: Submit | None = None, *, takes_files: bool = False, repeats: bool = False
) -> BaseRoute:
    """Return the route of a page for operators; whoever has not signed in is sent to do so.

    Args:
        path: its address.
        serve: returns the page.
        submit: acts on a form that was sent from it.
        takes_files: the form brings files, which `web.upload_of` returns.
        repeats: a copy of a form is acted upon like the form, because that changes nothing more.
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
            upload = web.upload_of(request) if takes_files else web.Upload(web.form_of(request), {})
            web.check_csrf(request, upload.fields, session_key, engine.settings)
            form = Form(upload.fields)
            return submit(seat, form) if repeats else _once(seat, form, submit, upload.files)
        except BillingError as error:
            return show_error(request, error, application=name_for(request), is_operator=True)

    return Route(path, page(at), methods=["GET", "POST"] if submit else ["GET"])


def _once(seat: Seat, form: Form, submit: Submit, files: Mapping[str, bytes]) -> Response:
    return do_once(
        seat.request,
        seat.engine,
        form,
        lambda engine: submit(replace(seat, engine=engine), form),
        who=f"dashboard:{seat.operator.id}",
        application=name_for(seat.request),
        files=files,
    )


def billing_route(path: str, serve: Serve, submit: Submit | None = None, *, repeats: bool = False) -> BaseRoute:
    """Return the route of a page that there is while billing is on; the dashboard's first page says so otherwise."""

    def serve_billing(seat: Seat) -> Response:
        return serve(seat) if seat.engine.workspace.is_billing_enabled else seat.go_to(HOME)

    def submit_billing(seat: Seat, form: Form) -> Response:
        return submit(seat, form) if submit and seat.engine.workspace.is_billing_enabled else seat.go_to(HOME)

    return seat_route(path, serve_billing, submit_billing if submit else None, repeats=repeats)
