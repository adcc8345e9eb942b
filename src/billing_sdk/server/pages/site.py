"""Where every page is: the route table, the style sheets and the root address."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import RouteNotFound
from billing_sdk.server.pages import (
    account_link,
    authenticate,
    brand_files,
    checkout_session,
    dashboard,
    embed,
    invitation,
    invoice_payment,
    invoices,
    journey,
    own_code,
    portal,
)
from billing_sdk.server.pages.messages import page
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.usecases.engine import Engine

ASSETS = {
    "base.css": "text/css",
    "parts.css": "text/css",
    "tables.css": "text/css",
    "forms.css": "text/css",
    "pages.css": "text/css",
    "shell.css": "text/css",
    "charts.css": "text/css",
    "catalogue.css": "text/css",
    "journey.css": "text/css",
    "look.css": "text/css",
    "paper.css": "text/css",
    "pricing.css": "text/css",
    "enhance.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
PUBLIC = {"Cache-Control": "public, max-age=3600"}
SECURITY_CONTACT_LASTS = timedelta(days=180)


def routes(_engine: Engine) -> list[BaseRoute]:
    """Return every route of the hosted pages; requests bring the engine along."""
    return [
        Route("/", page(show_home), methods=["GET"]),
        Route("/.well-known/security.txt", page(show_security_contact), methods=["GET"]),
        *brand_files.routes(),
        *own_code.routes(),
        Route("/static/{name}", page(send_asset), methods=["GET"]),
        *account_link.routes(),
        *authenticate.routes(),
        *checkout_session.routes(),
        *embed.routes(),
        *invitation.routes(),
        *invoices.routes(),
        *invoice_payment.routes(),
        *journey.routes(),
        *portal.routes(),
        *dashboard.routes(),
    ]


def show_home(request: Request, _engine: Engine) -> Response:
    """Say what this server is to somebody who has typed its address."""
    return show(request, "home.html", application=NOBODY)


def show_security_contact(_request: Request, engine: Engine) -> Response:
    """Say whom to tell about a hole (RFC 9116).

    Raises:
        RouteNotFound: the operator has named nobody.
    """
    contact, issuer = engine.settings.security_contact, engine.settings.base_url
    if contact is None:
        raise RouteNotFound("nobody is named as the contact", remedy="Set BILLING_SERVER_SECURITY_CONTACT.")
    expires_at = (engine.now() + SECURITY_CONTACT_LASTS).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {issuer}/.well-known/security.txt",
    )
    return PlainTextResponse("".join(f"{line}\n" for line in lines), headers=PUBLIC)


def send_asset(request: Request, _engine: Engine) -> Response:
    """Send a style sheet or the script; the names are a list, so that no path can lead elsewhere."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise RouteNotFound(f"there is no asset {name[:64]!r}")
    content = files("billing_sdk.server.pages").joinpath("static", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers=PUBLIC)
