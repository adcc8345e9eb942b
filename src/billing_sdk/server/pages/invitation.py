"""The page that an invitation leads to: whoever got it signs in or makes an account, and joins the organization."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import Conflict, InvalidRequest, LinkUsed, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.ids import digest_of
from billing_sdk.server.pages.forms import WRONG, Form, require
from billing_sdk.server.pages.messages import application_for, page, show_message, way_on
from billing_sdk.server.pages.once import copies_lead_to, do_once
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.accept_invitation import (
    Invited,
    Joined,
    Proof,
    accept_invitation,
    accept_signed_in,
    look_at_invitation,
    prove_invited,
)
from billing_sdk.server.usecases.begin_session import end_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invite_member import PATH
from billing_sdk.server.usecases.open_portal_link import end_portal_visit
from billing_sdk.server.usecases.passwords import MIN_LENGTH
from billing_sdk.server.web.languages import language_read
from billing_sdk.server.words import phrase, waiting_time

PASSWORD: Final = {"password": phrase("a password")}


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [Route(PATH, page(show_invitation), methods=["GET"]), Route(PATH, page(accept), methods=["POST"])]


def show_invitation(request: Request, engine: Engine) -> Response:
    """Show what the invitation is about, and leave it as it is: mail scanners follow links, and send no forms."""
    asked = web.query_of(request)
    if asked.get("after") == "joined":
        return _show_joined(request, engine)
    key = asked.get("key", "")
    return _show(request, engine, key, look_at_invitation(engine, key=key), Form())


def accept(request: Request, engine: Engine) -> Response:
    """Let the person join, once, and go on to the portal."""
    fields = web.form_of(request)
    key = fields.get("key", "")
    # What counts is that the form was sent from a page of this server: the browser need not have a cookie of ours yet.
    web.check_csrf(request, fields, key, engine.settings)
    form = Form(fields)
    try:
        invited = look_at_invitation(engine, key=key)
    except LinkUsed:
        return _join(request, engine, key, form, None)  # perhaps by a copy of this form
    session = web.read_session(request, engine)
    if session is not None and _is_for(engine, invited, session.user_id):
        return _join(request, engine, key, form, session.user_id)
    form = require(form, PASSWORD)
    if form.errors:
        return _show(request, engine, key, invited, form)
    try:
        address = web.client_address(request, engine.settings)
        proof = prove_invited(engine, key=key, password=form.values["password"], address=address)
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
    return _join(request, engine, key, form, proof)


def _join(request: Request, engine: Engine, key: str, form: Form, who: Proof | str | None) -> Response:
    """Let somebody join by what they have proved, or as the person who is signed in; None is a copy, or too late."""

    def act(within: Engine) -> Response:
        invited = look_at_invitation(within, key=key)
        if who is None:
            raise Conflict("the same form is being served right now")
        if isinstance(who, str):
            joined = accept_signed_in(within, key=key, user_id=who)
        else:
            names = {"given_name": form.text("given_name"), "family_name": form.text("family_name")}
            try:
                joined = accept_invitation(within, key=key, proof=who, language=language_read(request), **names)
            except InvalidRequest as error:
                return _show(request, within, key, invited, form.refused(error))
        # A session begins once: its keys are not kept for copies.
        copies_lead_to(request, f"{PATH}?after=joined")
        return _go_on(request, within, joined)

    application = application_for(engine)
    return do_once(request, engine, form, act, who=f"invitation:{digest_of(key)}", application=application)


def _show_joined(request: Request, engine: Engine) -> Response:
    """Say that somebody belongs to the organization now: in the portal, where this browser is in it already."""
    visit = web.read_portal_visit(request, engine)
    if visit is not None and visit.org_code is not None:
        return RedirectResponse(f"/portal/{visit.sub_nav}?done=joined", 303)
    return show_message(
        request,
        headline=phrase("You belong to the organization now"),
        detail=phrase("Sign in with the e-mail address that the invitation was sent to."),
        application=application_for(engine),
        return_url=way_on(engine),
    )


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
        link_key=key,
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
