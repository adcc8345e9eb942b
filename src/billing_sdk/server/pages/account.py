"""The steps of a journey that settle who somebody is: register, sign in, name an organization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import EmailTaken, InvalidRequest, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.once import do_once
from billing_sdk.server.pages.stop import Stop
from billing_sdk.server.usecases.account_links import ask_for_password
from billing_sdk.server.usecases.advance_journey import name_organization, sign_in_in_journey, sign_up_in_journey
from billing_sdk.server.usecases.begin_session import end_session
from billing_sdk.server.usecases.passwords import MIN_LENGTH
from billing_sdk.server.web.languages import language_of, language_read
from billing_sdk.server.words import phrase, waiting_time

PASSWORD_HINT = phrase("At least %(number)s characters. A few unrelated words are easy to remember.", number=MIN_LENGTH)
EMAIL = phrase("your e-mail address")


def show_register(stop: Stop, form: Form) -> Response:
    """Show the form for a new account, with the address that the link suggests."""
    return stop.show("register", form if form.values else _hinted(stop), password_hint=PASSWORD_HINT)


def register(stop: Stop, form: Form) -> Response:
    """Make an account and sign its owner in."""
    form = require(form, {"email": EMAIL, "password": phrase("a password")})
    if form.errors:
        return show_register(stop, form)
    try:
        session_key = sign_up_in_journey(
            stop.engine,
            journey=stop.journey,
            email=form.text("email"),
            password=form.values["password"],
            given_name=form.text("given_name"),
            family_name=form.text("family_name"),
            language=language_read(stop.request, stop.journey.language),
            address=web.client_address(stop.request, stop.engine.settings),
        )
    except (EmailTaken, InvalidRequest) as error:
        return show_register(stop, form.refused(error, "email"))
    except RateLimited as error:
        words = phrase(
            "There were too many attempts to create an account. Wait %(time)s and try again.", time=waiting_time(error)
        )
        return _told_to_wait(show_register, stop, form.wrong({"": words}), error)
    return _signed_in(stop, session_key)


def show_sign_in(stop: Stop, form: Form) -> Response:
    """Show the form for an existing account."""
    return stop.show("sign_in", form if form.values else _hinted(stop))


def sign_in(stop: Stop, form: Form) -> Response:
    """Sign somebody in."""
    form = require(form, {"email": EMAIL, "password": phrase("your password")})
    if form.errors:
        return show_sign_in(stop, form)
    try:
        session_key = sign_in_in_journey(
            stop.engine,
            journey=stop.journey,
            email=form.text("email"),
            password=form.values["password"],
            address=web.client_address(stop.request, stop.engine.settings),
        )
    except WrongCredentials as error:
        return show_sign_in(stop, form.refused(error))
    except RateLimited as error:
        words = phrase(
            "There were too many attempts to sign in. Wait %(time)s and try again.", time=waiting_time(error)
        )
        return _told_to_wait(show_sign_in, stop, form.wrong({"": words}), error)
    return _signed_in(stop, session_key)


def show_forgotten(stop: Stop, form: Form) -> Response:
    """Ask somebody who has forgotten the password for the e-mail address, or say that a link was sent."""
    is_sent = not form.values and web.query_of(stop.request).get("after") == "sent"
    return stop.show_beside(
        "forgotten",
        form if form.values else _hinted(stop),
        is_sent=is_sent,
        sends_mail=stop.engine.sends_mail,
    )


def send_password_link(stop: Stop, form: Form) -> Response:
    """Mail a link to set a password, once for each form, and say the same whether or not there is such an account."""
    return do_once(
        stop.request,
        stop.engine,
        form,
        lambda engine: _send_password_link(replace(stop, engine=engine), form),
        who=f"journey:{stop.journey.id}",
        application=stop.application.name,
    )


def _send_password_link(stop: Stop, form: Form) -> Response:
    form = require(form, {"email": EMAIL})
    if form.errors:
        return show_forgotten(stop, form)
    try:
        ask_for_password(
            stop.engine,
            email=form.text("email"),
            language=language_of(stop.request, stop.journey.language).tag,
            address=web.client_address(stop.request, stop.engine.settings),
        )
    except RateLimited as error:
        words = phrase("There were too many attempts. Wait %(time)s and try again.", time=waiting_time(error))
        return _told_to_wait(show_forgotten, stop, form.wrong({"": words}), error)
    return RedirectResponse(f"{stop.url}/forgotten?after=sent", 303)


def _told_to_wait(show: Callable[[Stop, Form], Response], stop: Stop, form: Form, error: RateLimited) -> Response:
    response = show(stop, form)
    response.status_code = error.status
    response.headers.update(web.error_headers(stop.request, error))
    return response


def show_organization(stop: Stop, form: Form) -> Response:
    """Ask for the name of a new organization."""
    return stop.show("organization", form)


def create_organization(stop: Stop, form: Form) -> Response:
    """Create the organization that the link asks for."""
    form = require(form, {"name": phrase("the name of your organization")})
    if form.errors:
        return show_organization(stop, form)
    try:
        name_organization(stop.engine, journey=stop.journey, name=form.text("name"))
    except InvalidRequest as error:
        return show_organization(stop, form.refused(error, "name"))
    return stop.go_on()


def _signed_in(stop: Stop, session_key: str) -> Response:
    """Go on in a session of its own: one that the browser had before ends (session fixation, OWASP ASVS 7.2.4)."""
    earlier = web.read_session_key(stop.request, stop.engine.settings)
    if earlier:
        end_session(stop.engine, key=earlier)
    response = stop.go_on()
    web.set_session_key(response, stop.engine.settings, session_key)
    return response


def _hinted(stop: Stop) -> Form:
    """Return a form with the e-mail address of the link; a hint of another kind (a phone number, say) is no help."""
    hint = stop.journey.parameters.get("login_hint", "")
    return Form({"email": hint if "@" in hint else ""})
