"""The page that an invitation leads to: whoever got it signs in or makes an account, and joins the organization."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import InvalidRequest, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.pages.forms import WRONG, Form, require
from billing_sdk.server.pages.messages import application_for, page
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.accept_invitation import (
    Invited,
    Joined,
    accept_invitation,
    accept_signed_in,
    look_at_invitation,
)
from billing_sdk.server.usecases.begin_session import end_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invite_member import PATH
from billing_sdk.server.usecases.open_portal_link import end_portal_visit
from billing_sdk.server.usecases.passwords import MIN_LENGTH
from billing_sdk.server.words import phrase, waiting_time

PASSWORD: Final = {"password": phrase("a password")}


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [Route(PATH, page(show_invitation), methods=["GET"]), Route(PATH, page(accept), methods=["POST"])]


def show_invitation(request: Request, engine: Engine) -> Response:
    """Show what the invitation is about, and leave it as it is: mail scanners follow links, and send no forms."""
    key = web.query_of(request).get("key", "")
    return _show(request, engine, key, look_at_invitation(engine, key=key), Form())


def accept(request: Request, engine: Engine) -> Response:
    """Let the person join, and go on to the portal."""
    fields = web.form_of(request)
    key = fields.get("key", "")
    # What counts is that the form was sent from a page of this server: the browser need not have a cookie of ours yet.
    web.check_csrf(request, fields, key, engine.settings)
    invited, form = look_at_invitation(engine, key=key), Form(fields)
    session = web.read_session(request, engine)
    if session is not None and _is_for(engine, invited, session.user_id):
        return _go_on(request, engine, accept_signed_in(engine, key=key, user_id=session.user_id))
    form = require(form, PASSWORD)
    if form.errors:
        return _show(request, engine, key, invited, form)
    try:
        joined = accept_invitation(
            engine,
            key=key,
            password=form.values["password"],
            given_name=form.text("given_name"),
            family_name=form.text("family_name"),
            address=web.client_address(request, engine.settings),
        )
    except (WrongCredentials, InvalidRequest) as error:
        return _show(request, engine, key, invited, form.refused(error, "password"))
    except RateLimited as error:
        words = phrase(
            "There were too many attempts to sign in. Wait %(time)s and try again.", time=waiting_time(error)
        )
        response = _show(request, engine, key, invited, form.wrong({"": words}))
        response.status_code = error.status
        response.headers.update(web.error_headers(request, error))
        return response
    return _go_on(request, engine, joined)


def _show(request: Request, engine: Engine, key: str, invited: Invited, form: Form) -> Response:
    session = web.read_session(request, engine)
    return show(
        request,
        "invitation.html",
        status=WRONG if form.errors else 200,
        application=application_for(engine),
        csrf_token=web.csrf_token(key),
        form=form,
        invited=invited,
        is_signed_in=session is not None and _is_for(engine, invited, session.user_id),
        key=key,
        shortest=MIN_LENGTH,
    )


def _is_for(engine: Engine, invited: Invited, user_id: str) -> bool:
    with engine.read() as tx:
        user = tx.users.find(user_id)
    return user is not None and user.email == invited.invitation.email and not user.is_suspended


def _go_on(request: Request, engine: Engine, joined: Joined) -> Response:
    """Go on in sessions of their own: those that the browser had before end (session fixation, OWASP ASVS 7.2.4)."""
    response = RedirectResponse(f"/portal/{joined.visit.sub_nav}?done=joined", 303)
    if joined.session_key:
        earlier = web.read_session_key(request, engine.settings)
        if earlier:
            end_session(engine, key=earlier)
        web.set_session_key(response, engine.settings, joined.session_key)
    earlier_visit = web.read_portal_key(request, engine.settings)
    if earlier_visit:
        end_portal_visit(engine, session_key=earlier_visit)
    web.set_portal_key(response, engine.settings, joined.visit.session_key)
    return response
