"""The page that a mailed link about an account leads to: confirm an e-mail address, or choose a password.

Looking at it changes nothing: programs that scan mail follow links, and send no forms.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import EmailTaken, InvalidRequest
from billing_sdk.server import web
from billing_sdk.server.domain.identity import AccountLink
from billing_sdk.server.pages.forms import WRONG, Form, require
from billing_sdk.server.pages.messages import application_for, page, show_message
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.account_links import PATH, confirm_email, look_at_link, set_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import MIN_LENGTH
from billing_sdk.server.words import phrase

NOT_THE_SAME = phrase("These are not the same.")
TAKEN = phrase("Another account has this e-mail address.")


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [Route(PATH, page(show_link), methods=["GET"]), Route(PATH, page(use), methods=["POST"])]


def show_link(request: Request, engine: Engine) -> Response:
    """Show what a link is for, and leave it as it is."""
    key = web.query_of(request).get("key", "")
    return _show(request, engine, key, look_at_link(engine, key=key), Form())


def use(request: Request, engine: Engine) -> Response:
    """Do what a link is for, once."""
    fields = web.form_of(request)
    key = fields.get("key", "")
    # What counts is that the form was sent from a page of this server: the browser need not have a cookie of ours.
    web.check_csrf(request, fields, key, engine.settings)
    link, form = look_at_link(engine, key=key), Form(fields)
    return _confirm(request, engine, key, link) if link.kind == "confirm_email" else _set(request, engine, key, form)


def _confirm(request: Request, engine: Engine, key: str, link: AccountLink) -> Response:
    try:
        user = confirm_email(engine, key=key)
    except EmailTaken:
        return _show(request, engine, key, link, Form().wrong({"": TAKEN}))
    return show_message(
        request,
        headline=phrase("Your e-mail address is confirmed"),
        detail=phrase("From now on you sign in with %(email)s.", email=user.email),
        application=application_for(engine),
    )


def _set(request: Request, engine: Engine, key: str, form: Form) -> Response:
    form = require(form, {"new_password": phrase("a new password"), "repeated": phrase("the new password again")})
    if not form.errors and form.values["new_password"] != form.values["repeated"]:
        form = form.wrong({"repeated": NOT_THE_SAME})
    if not form.errors:
        try:
            set_password(engine, key=key, password=form.values["new_password"])
        except InvalidRequest:
            words = phrase("Choose a password of at least %(shortest)s characters.", shortest=MIN_LENGTH)
            form = form.wrong({"new_password": words})
    if form.errors:
        return _show(request, engine, key, look_at_link(engine, key=key), form)
    return show_message(
        request,
        headline=phrase("Your password is set"),
        detail=phrase("You were signed out everywhere. Go back to where you sign in, and use it there."),
        application=application_for(engine),
    )


def _show(request: Request, engine: Engine, key: str, link: AccountLink, form: Form) -> Response:
    return show(
        request,
        "account_link.html",
        status=WRONG if form.errors else 200,
        application=application_for(engine),
        csrf_token=web.csrf_token(key),
        form=form,
        link=link,
        key=key,
        shortest=MIN_LENGTH,
    )
