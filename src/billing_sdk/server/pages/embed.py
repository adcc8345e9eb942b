"""Pricing tables in any site of a registered application: a script that makes a frame, and the page in that frame.

The page is the same for everybody: it reads no cookie and sets none, and may be kept for a minute. Only pages of
registered applications can frame it, and its buttons lead only to registered origins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import BillingError, BillingNotEnabled, UnknownPricingTable
from billing_sdk.server import web
from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.workspace import PLAN_GROUP, Brand
from billing_sdk.server.pages.brand import brand_sheet
from billing_sdk.server.pages.messages import application_for, page, show_error
from billing_sdk.server.pages.rendering import PACKAGE
from billing_sdk.server.pages.shown_table import ShownTable, shown_table
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.errors import wants_html
from billing_sdk.server.web.languages import known_languages, languages_for_anybody
from billing_sdk.server.words import environment

SHEET: Final = "/embed/pricing-table.css"
SHEETS: Final = ("base.css", "parts.css", "forms.css", "pricing.css")
SCHEMES: Final = ("light", "dark")
DARK_ONLY: Final = "(prefers-color-scheme: dark)"
FOR_A_MINUTE: Final = "public, max-age=60"
FOR_AN_HOUR: Final = "public, max-age=3600"


def routes() -> list[BaseRoute]:
    """Return the routes of what other sites embed."""
    return [
        Route("/embed/pricing-table.js", page(send_script("embed.js")), methods=["GET"]),
        Route("/embed/frame.js", page(send_script("embed-frame.js")), methods=["GET"]),
        Route(SHEET, page(send_sheet), methods=["GET"]),
        Route("/embed/pricing-tables/{table_key}", page(show_table), methods=["GET"]),
    ]


def send_script(name: str) -> Callable[[Request, Engine], Response]:
    """Return what sends one of the scripts to pages of any site."""

    def send(request: Request, _engine: Engine) -> Response:
        web.share_with_other_sites(request)
        return Response(_static(name), media_type="text/javascript", headers={"Cache-Control": FOR_AN_HOUR})

    return send


def send_sheet(request: Request, engine: Engine) -> Response:
    """Send all style that the table needs, the brand's with it, in the colour scheme that is asked for or in both."""
    with engine.read() as tx:
        sheet = style_in(_scheme(request), tx.brand.get())
    return Response(sheet, media_type="text/css", headers={"Cache-Control": FOR_AN_HOUR})


def show_table(request: Request, engine: Engine) -> Response:
    """Show a live table, or in the same frame why there is none; neither leaves a cookie in another site."""
    try:
        return _show_table(request, engine)
    except BillingError as error:
        if not wants_html(request):
            raise
        response = show_error(request, error, application=application_for(engine))
        del response.headers["Set-Cookie"]
        return response


def _show_table(request: Request, engine: Engine) -> Response:
    """Show a live table, with links that lead out of the frame.

    Raises:
        BillingNotEnabled: billing is off.
        UnknownPricingTable: no live table has the key.
    """
    with engine.read() as tx:
        applications = [found for found in tx.applications.list() if found.kind == "web"]
        # Before anything can go wrong, so that the page that then says so is shown in the frame too.
        web.allow_framing(request, *(uri for found in applications for uri in _addresses(found)))
        web.share_with_other_sites(request)
        if not engine.workspace_in(tx).is_billing_enabled:
            raise BillingNotEnabled("billing is off")
        languages = languages_for_anybody(request)
        table = _table(tx, request.path_params["table_key"])
        shown = shown_table(tx, table, languages, cadence=request.query_params.get("cadence", ""))
        brand = tx.brand.get()
    register_url = request.query_params.get("register_url", "")
    is_known = any(found.allows_return_to(register_url) for found in applications)
    language, scheme = known_languages(request).best(languages), _scheme(request)
    html = (
        environment(PACKAGE, language)
        .get_template("embed/pricing_table.html")
        .render(
            nonce=web.nonce_of(request),
            table=shown,
            scheme=scheme,
            sheet_url=sheet_url(scheme, brand),
            is_register_url_known=is_known,
            urls=_urls(register_url, shown) if is_known else {},
        )
    )
    headers = {
        # The nonce is kept with the answer that it belongs to. It guards what is written into this very answer, and
        # whatever an address could have written there was written before anybody knew the nonce.
        "Cache-Control": FOR_A_MINUTE,
        "Vary": "Accept-Language",
        "Content-Language": language.tag,
        # For sites that are isolated from all others, and frame only what isolates itself (HTML, "COEP").
        "Cross-Origin-Embedder-Policy": "require-corp",
    }
    return HTMLResponse(html, headers=headers)


def style_in(scheme: str, brand: Brand) -> str:
    """Return the style sheets as one, in one colour scheme whatever the reader's system prefers, or in either.

    Args:
        scheme: `light` or `dark`; empty for what the reader's system prefers.
        brand: comes last.
    """
    sheet = "\n".join((*(_static(name).decode() for name in SHEETS), brand_sheet(brand)))
    if not scheme:
        return sheet
    applies = "all" if scheme == "dark" else "not all"
    return sheet.replace(DARK_ONLY, applies).replace("color-scheme: light dark", f"color-scheme: {scheme}")


def sheet_url(scheme: str, brand: Brand) -> str:
    """Return where the style sheet is; the address changes whenever its content does."""
    version = hashlib.sha256(style_in(scheme, brand).encode()).hexdigest()[:16]
    return f"{SHEET}?{urlencode({'color_scheme': scheme, 'v': version} if scheme else {'v': version})}"


def _table(tx: UnitOfWork, key: str) -> PricingTable:
    table = tx.pricing_tables.get_live(key)
    if table.group.key == PLAN_GROUP:
        raise UnknownPricingTable(f"there is no live pricing table {key[:64]!r}", pricing_table=key[:64])
    return table


def _addresses(application: Application) -> tuple[str, ...]:
    return (*application.redirect_uris, *application.logout_redirect_uris)


def _urls(register_url: str, table: ShownTable) -> dict[str, str]:
    """Return where each plan is signed up for: the address to register at, which then knows plan and table."""
    parts = urlsplit(register_url)
    kept = [parts.query] if parts.query else []
    asked = {
        offer.plan.plan_key: urlencode({"plan_interest": offer.plan.plan_key, "pricing_table_key": table.key})
        for card in table.cards
        for offer in card.offers
    }
    return {key: urlunsplit(parts._replace(query="&".join([*kept, query]))) for key, query in asked.items()}


def _scheme(request: Request) -> str:
    asked = request.query_params.get("color_scheme", "")
    return asked if asked in SCHEMES else ""


@lru_cache(maxsize=8)
def _static(name: str) -> bytes:
    return files(PACKAGE).joinpath("static", name).read_bytes()
