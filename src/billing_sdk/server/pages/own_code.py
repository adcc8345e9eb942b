"""An operator's code around a page: its HTML in pieces, and its style sheet and script as files of this server.

A file is found by the digest of what it holds, so that a draft is nobody's who does not know it already.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billing_sdk.errors import RouteNotFound
from billing_sdk.server.domain.workspace import PAGE_NAMES, OwnPage, PageCode, PageName
from billing_sdk.server.domain.workspace.own_html import Piece, read_own_html
from billing_sdk.server.pages.brand_files import ASKED_AGAIN, KEPT
from billing_sdk.server.pages.messages import page
from billing_sdk.server.usecases.engine import Engine

FILES: Final = "/static/pages"
LANGUAGES: Final = "billing-language-switch"
Part = Literal["css", "js"]
TYPES: Final[dict[Part, str]] = {"css": "text/css", "js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class ShownPiece:
    """A part of a page, as a template writes it."""

    name: str
    html: Markup


@dataclass(frozen=True, slots=True)
class OwnOnPage:
    """What a template needs of an operator's code.

    Attributes:
        pieces: what stands around the content, and the placeholders among it; none where only the looks are changed.
        sheet_url: of the style sheet; empty where there is none.
        script_url: of the script; empty where there is none.
    """

    pieces: tuple[ShownPiece, ...]
    sheet_url: str
    script_url: str

    @property
    def places_languages(self) -> bool:
        """Whether the switch of languages stands where the operator wants it, and not at the foot of the page."""
        return any(piece.name == LANGUAGES for piece in self.pieces)


def routes() -> list[BaseRoute]:
    """Return the route of the files."""
    return [Route(f"{FILES}/{{file}}", page(send_code), methods=["GET"])]


def own_on_page(name: PageName, code: PageCode) -> OwnOnPage | None:
    """Return what stands around a page; None where an operator has written nothing for it."""
    if code.is_empty:
        return None
    return OwnOnPage(_shown(code.html), _url(name, "css", code.css), _url(name, "js", code.js))


def send_code(request: Request, engine: Engine) -> Response:
    """Send a style sheet or a script: the one with the digest of the address, or the one that is live.

    Raises:
        RouteNotFound: nobody has written one.
    """
    name, _, part = request.path_params["file"].rpartition(".")
    if name not in PAGE_NAMES or part not in TYPES:
        raise RouteNotFound("there is no such file")
    with engine.read() as tx:
        own = tx.own_pages.get(name)
    text, is_asked_for = _asked_for(own, part, request.query_params.get("v", ""))
    if not text:
        raise RouteNotFound("there is no such file")
    return Response(text, media_type=TYPES[part], headers={"Cache-Control": KEPT if is_asked_for else ASKED_AGAIN})


def _asked_for(own: OwnPage, part: Part, version: str) -> tuple[str, bool]:
    for code in (own.live, own.draft):
        text: str = getattr(code, part)
        if version and text and _digest(text) == version:
            return text, True
    return getattr(own.live, part), False


def _url(name: PageName, part: Part, text: str) -> str:
    return f"{FILES}/{name}.{part}?v={_digest(text)}" if text else ""


@lru_cache(maxsize=32)
def _shown(html: str) -> tuple[ShownPiece, ...]:
    return tuple(_trusted(piece) for piece in read_own_html(html).pieces)


def _trusted(piece: Piece) -> ShownPiece:
    # Written anew from a list of elements and attributes that do nothing by themselves; every text in it is escaped.
    return ShownPiece(piece.name, Markup(piece.html))  # noqa: S704 - see above


@lru_cache(maxsize=32)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
