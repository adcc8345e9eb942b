"""The two pages of signing out: the question, and the statement that it is done."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from billing_sdk.server import web
from billing_sdk.server.web.languages import language_of
from billing_sdk.server.words import Phrase, phrase

FORM = """<form class="form" method="post" action="/logout">
{fields}
<p class="actions"><button class="button" type="submit"><span>{label}</span></button></p>
</form>"""
FIELD = '<input type="hidden" name="{name}" value="{value}">'


def confirm_page(request: Request, fields: Mapping[str, str], *, csrf_token: str, return_to: str | None) -> Response:
    """Ask whether the person wants to sign out; the form sends on what the request has said."""
    if return_to is not None:
        web.allow_form_target(request, return_to)
    hidden = "\n".join(
        FIELD.format(name=escape(name), value=escape(value))
        for name, value in {**fields, web.CSRF_FIELD: csrf_token}.items()
    )
    text = phrase("You will be signed out here and in the applications that you use.")
    return _page(request, phrase("Sign out?"), text, hidden)


def signed_out_page(request: Request) -> Response:
    """Tell the person that they are signed out."""
    return _page(request, phrase("Signed out"), phrase("You can close this page."))


def _page(request: Request, title: Phrase, text: Phrase, hidden: str = "") -> Response:
    label = escape(language_of(request).say(phrase("Sign out")))
    form = FORM.format(fields=hidden, label=label) if hidden else ""
    shown = web.plain_page(request, title, text, markup=form)
    return HTMLResponse(shown, headers={"Vary": "Cookie, Accept-Language"})
