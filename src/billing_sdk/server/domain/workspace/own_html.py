"""An operator's HTML, read and written anew: only elements that say or show something, each of them closed.

What would run, load or send something is left out and told of: the Content-Security-Policy of pages would stop most of
it anyway, and nobody should have to find that out from a page that looks broken. Text stays text, whatever it looks
like; nothing of it is a template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Final, Literal, TypeAlias

from billing_sdk.server.domain.workspace.own_page import CONTENT, PLACEHOLDERS

FaultKind: TypeAlias = Literal["element", "handler", "style", "script", "attribute", "address", "foreign"]

ELEMENTS: Final = frozenset(
    "a abbr address article aside b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption "
    "figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark nav ol p pre q s section small span strong sub "
    "summary sup table tbody td tfoot th thead time tr u ul wbr".split()
)
VOID: Final = frozenset(("br", "hr", "img", "wbr"))
# Elements whose inside is not text to be read.
SKIPPED: Final = frozenset(
    "iframe math noembed noframes noscript object plaintext script select style svg template textarea title xmp".split()
)
ATTRIBUTES: Final = frozenset(
    "alt class colspan datetime dir headers height hidden id lang loading open reversed role rowspan scope start "
    "tabindex title translate width".split()
)
ADDRESSES: Final = {"href": "a", "src": "img"}
PREFIXES: Final = ("aria-", "data-")
# Where a link may lead, and where a picture comes from: this server, or the page itself.
LINK: Final = re.compile(
    r"(?:https?://[^/\\\s]|mailto:|tel:|#|\.{0,2}/(?![/\\])|[\w-]+(?:[/?#.]|$))", re.ASCII | re.IGNORECASE
)
PICTURE: Final = re.compile(r"(?:/(?![/\\])|data:image/(?:png|jpeg|webp|gif);base64,)", re.ASCII | re.IGNORECASE)
FOREIGN: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}", re.ASCII | re.IGNORECASE)
NAME: Final = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was left out.

    Attributes:
        kind: what it is.
        found: the element, the attribute or the address.
        line: where it stands, from 1.
    """

    kind: FaultKind
    found: str
    line: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a page in its order.

    Attributes:
        name: `html`, or the element that stands for what the server writes here.
        html: what an operator has written, made safe.
    """

    name: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class OwnHtml:
    """What became of an operator's HTML."""

    pieces: tuple[Piece, ...]
    faults: tuple[Fault, ...]

    @property
    def content_count(self) -> int:
        """How often the content of the page stands in it; once is right."""
        return sum(piece.name == CONTENT for piece in self.pieces)


def read_own_html(text: str) -> OwnHtml:
    """Return the pieces of an operator's HTML, and what was left out of it."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._pieces: list[Piece] = []
        self._faults: list[Fault] = []
        self._open: list[str] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.append(tag)
            return
        if tag in PLACEHOLDERS:
            self._place(tag)
        elif tag in ELEMENTS:
            self._written.append(f"<{tag}{self._attributes(tag, attrs)}>")
            if tag not in VOID:
                self._open.append(tag)
        else:
            self._fault("script" if tag == "script" else "style" if tag == "style" else "element", f"<{tag}>")
            if tag in SKIPPED:
                self._skipping.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # As browsers read it: the slash closes nothing but what needs no end.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
            return
        if tag in self._open:
            while self._close_last() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._written.append(escape(data, quote=False))

    def finished(self) -> OwnHtml:
        while self._open:
            self._close_last()
        self._end_piece()
        return OwnHtml(tuple(self._pieces), tuple(self._faults))

    def _close_last(self) -> str:
        tag = self._open.pop()
        self._written.append(f"</{tag}>")
        return tag

    def _place(self, tag: str) -> None:
        self._end_piece()
        self._pieces.append(Piece(tag))

    def _end_piece(self) -> None:
        if self._written:
            self._pieces.append(Piece("html", "".join(self._written)))
            self._written = []

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        kept: dict[str, str] = {}
        for name, value in attrs:
            fault = _fault_of(tag, name, value or "")
            if fault:
                self._fault(fault, name if fault not in ("address", "foreign") else value or "")
            elif name not in kept:
                kept[name] = value or ""
        return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())

    def _fault(self, kind: FaultKind, found: str) -> None:
        self._faults.append(Fault(kind, found[:100], self.getpos()[0]))


def _fault_of(tag: str, name: str, value: str) -> FaultKind | None:
    """Return what is wrong with an attribute; None where it is kept."""
    if name.startswith("on"):
        return "handler"
    if name == "style":
        return "style"
    if ADDRESSES.get(name) == tag:
        wanted = LINK if name == "href" else PICTURE
        if wanted.match(value.strip()):
            return None
        return "foreign" if FOREIGN.match(value.strip()) else "address"
    if not NAME.fullmatch(name) or not (name in ATTRIBUTES or name.startswith(PREFIXES)):
        return "attribute"
    return None
