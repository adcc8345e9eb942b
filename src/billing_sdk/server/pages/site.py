"""Where every page is: the route table, the style sheets and the root address."""

from __future__ import annotations

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import RouteNotFound
from billing_sdk.server.pages import journey, portal
from billing_sdk.server.pages.messages import page
from billing_sdk.server.pages.rendering import NOBODY, show
from billing_sdk.server.usecases.engine import Engine

ASSETS = {
    "base.css": "text/css",
    "parts.css": "text/css",
    "forms.css": "text/css",
    "pages.css": "text/css",
    "enhance.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
PUBLIC_SECONDS = 3_600


def routes(_engine: Engine) -> list[BaseRoute]:
    """Return every route of the hosted pages; requests bring the engine along."""
    return [
        Route("/", page(show_home), methods=["GET"]),
        Route("/static/{name}", page(send_asset), methods=["GET"]),
        *journey.routes(),
        *portal.routes(),
    ]


def show_home(request: Request, _engine: Engine) -> Response:
    """Say what this server is to somebody who has typed its address."""
    return show(request, "home.html", application=NOBODY)


def send_asset(request: Request, _engine: Engine) -> Response:
    """Send a style sheet or the script; the names are a list, so that no path can lead elsewhere."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise RouteNotFound(f"there is no asset {name[:64]!r}")
    content = files("billing_sdk.server.pages").joinpath("static", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers={"Cache-Control": f"public, max-age={PUBLIC_SECONDS}"})
