"""Pages: a template, what it names, and the language of the visitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from billing_sdk.server.domain.workspace import Brand
from billing_sdk.server.pages.brand import brand_on_page
from billing_sdk.server.pages.forms import WRONG
from billing_sdk.server.pages.language_links import language_links
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web import nonce_of
from billing_sdk.server.web.languages import language_of, remember_language
from billing_sdk.server.words import environment

PACKAGE = "billing_sdk.server.pages"
# Stands where no application is known that a page could be for.
NOBODY = "Billing"
# How pages for operators look, whatever those for customers do.
PLAIN = Brand()


def show(
    request: Request,
    template: str,
    *,
    status: int = 200,
    chosen_language: str | None = None,
    written_in: Sequence[str] = (),
    brand: Brand | None = None,
    sheet_url: str = "",
    link_key: str = "",
    **values: Any,
) -> Response:
    """Return a page in the visitor's language.

    Args:
        request: what was asked for.
        template: its name below `templates`.
        status: of the answer.
        chosen_language: what the application asked for when it sent the visitor.
        written_in: the languages of what the page is about, where it is to be in the same one.
        brand: how it looks; that of the workspace, unless another is given.
        sheet_url: of the style sheet of another brand.
        link_key: what lets whoever has a link see the page; its form sends it along.
        values: what the template names, every one of them.
    """
    language = language_of(request, chosen_language, written_in)
    page = environment(PACKAGE, language).get_template(template)
    shown = brand_on_page(_brand(request) if brand is None else brand, language, sheet_url)
    languages = language_links(request, language, is_refusal=status == WRONG, link_key=link_key)
    html = page.render(
        nonce=nonce_of(request),
        nobody=NOBODY,
        brand=shown,
        choices_of_language=languages,
        link_key=link_key,
        **values,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language", "Content-Language": language.tag}
    response = HTMLResponse(html, status, headers)
    remember_language(request, response)
    return response


def _brand(request: Request) -> Brand:
    engine: Engine = request.app.state.engine
    with engine.read() as tx:
        return tx.brand.get()
