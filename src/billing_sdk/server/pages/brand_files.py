"""The brand's style sheet, pictures and font, served by this server itself."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import RouteNotFound
from billing_sdk.server import web
from billing_sdk.server.domain.workspace.uploads import SVG_TYPE
from billing_sdk.server.pages.brand import FILES, SHEET, brand_sheet, sheet_version
from billing_sdk.server.pages.messages import page
from billing_sdk.server.usecases.engine import Engine

# An address with the digest of what it leads to never leads to anything else.
KEPT: Final = "public, max-age=31536000, immutable"
ASKED_AGAIN: Final = "public, max-age=60"


def routes() -> list[BaseRoute]:
    """Return the routes of the brand's files."""
    return [
        Route(SHEET, page(send_sheet), methods=["GET"]),
        Route(f"{FILES}/{{kind}}", page(send_file), methods=["GET"]),
    ]


def send_sheet(request: Request, engine: Engine) -> Response:
    """Send the style sheet."""
    with engine.read() as tx:
        brand = tx.brand.get()
    return Response(brand_sheet(brand), media_type="text/css", headers=_cached(request, sheet_version(brand)))


def send_file(request: Request, engine: Engine) -> Response:
    """Send a picture or the font. A picture may hold a script (SVG): opened by itself it is shut in.

    Raises:
        RouteNotFound: nothing was uploaded for it.
    """
    kind = request.path_params["kind"]
    with engine.read() as tx:
        found = tx.brand.find_file(kind)
    if found is None:
        raise RouteNotFound(f"there is no {kind[:64]!r} of this brand")
    file, content = found
    if file.media_type == SVG_TYPE:
        web.shut_in(request)
    return Response(content, media_type=file.media_type, headers=_cached(request, file.digest))


def _cached(request: Request, version: str) -> dict[str, str]:
    return {"Cache-Control": KEPT if request.query_params.get("v") == version else ASKED_AGAIN}
