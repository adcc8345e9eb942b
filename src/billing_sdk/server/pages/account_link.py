"""The page that a mailed link about an account leads to: confirm an e-mail address, or choose a password.

Looking at it changes nothing: programs that scan mail follow links, and send no forms.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import EmailTaken, InvalidRequest, LinkUsed
from billing_sdk.server import web
from billing_sdk.server.domain.identity import AccountLink
from billing_sdk.server.ids import digest_of
from billing_sdk.server.pages.forms import WRONG, Form, require
from billing_sdk.server.pages.messages import application_for, page, show_message, way_on
from billing_sdk.server.pages.once import do_once
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.account_links import PATH, confirm_email, look_at_link, set_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import MIN_LENGTH, hash_password
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import phrase

NOT_THE_SAME = phrase("These are not the same.")
TAKEN = phrase("Another account has this e-mail address.")
# What a page says once a link was used; it can be looked at again, and tells nobody whose link it was.
AFTER = {
    "confirm_email": (
        phrase("Your e-mail address is confirmed"),
        phrase("From now on you sign in with this address."),
    ),
    "set_password": (
        phrase("Your password is set"),
        phrase(
            "You were signed out everywhere. Sign in with the new password from now on. If you have sent several, the "
            "first one counts."
        ),
    ),
}


def routes() -> list[BaseRoute]:
    """Return the routes of the page."""
    return [Route(PATH, page(show_link), methods=["GET"]), Route(PATH, page(use), methods=["POST"])]


def show_link(request: Request, engine: Engine) -> Response:
    """Show what a link is for, and leave it as it is; or say what it has done."""
    asked = web.query_of(request)
    if asked.get("after") in AFTER:
        headline, detail = AFTER[asked["after"]]
        application = application_for(engine)
        return show_message(
            request, headline=headline, detail=detail, application=application, return_url=way_on(engine)
        )
    key = asked.get("key", "")
    return _show(request, engine, key, look_at_link(engine, key=key), Form())


def use(request: Request, engine: Engine) -> Response:
    """Do what a link is for, once."""
    fields = web.form_of(request)
    key = fields.get("key", "")
    # What counts is that the form was sent from a page of this server: the browser need not have a cookie of ours.
    web.check_csrf(request, fields, key, engine.settings)
    form, password_hash = _checked(engine, key, Form(fields))

    def act(within: Engine) -> Response:
        link = look_at_link(within, key=key)
        wrong = form if form.errors else _refused(request, within, link, form, key=key, password_hash=password_hash)
        return _show(request, within, key, link, wrong) if wrong else _done(link)

    return do_once(
        request, engine, form, act, who=f"account_link:{digest_of(key)}", application=application_for(engine)
    )


def _checked(engine: Engine, key: str, form: Form) -> tuple[Form, str]:
    """Return a form with what is wrong with it, and the hash of its password, which is made before any transaction."""
    try:
        link = look_at_link(engine, key=key)
    except LinkUsed:
        return form, ""  # perhaps by a copy of this form
    if link.kind == "confirm_email":
        return form, ""
    form = require(form, {"new_password": phrase("a new password"), "repeated": phrase("the new password again")})
    if not form.errors and form.values["new_password"] != form.values["repeated"]:
        form = form.wrong({"repeated": NOT_THE_SAME})
    if form.errors:
        return form, ""
    try:
        return form, hash_password(form.values["new_password"])
    except InvalidRequest:
        words = phrase("Choose a password of at least %(shortest)s characters.", shortest=MIN_LENGTH)
        return form.wrong({"new_password": words}), ""


def _refused(
    request: Request, engine: Engine, link: AccountLink, form: Form, *, key: str, password_hash: str
) -> Form | None:
    """Do what a link is for; return the form with what stands against it, if anything does."""
    if link.kind == "set_password":
        set_password(engine, key=key, password_hash=password_hash)
        return None
    try:
        confirm_email(engine, key=key, language=language_of(request).tag)
    except EmailTaken:
        return form.wrong({"": TAKEN})
    return None


def _done(link: AccountLink) -> Response:
    return RedirectResponse(f"{PATH}?after={link.kind}", 303)


def _show(request: Request, engine: Engine, key: str, link: AccountLink, form: Form) -> Response:
    return show(
        request,
        "account_link.html",
        status=WRONG if form.errors else 200,
        application=application_for(engine),
        csrf_token=web.csrf_token(key),
        form=form,
        link=link,
        link_key=key,
        shortest=MIN_LENGTH,
    )
