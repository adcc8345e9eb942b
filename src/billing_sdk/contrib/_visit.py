"""One request as the core sees it, whichever framework brought it.

Both frameworks stand on an interface that is not theirs, WSGI and ASGI, and a `Visit` reads that: so there is one
reading of headers and cookies, and nothing in it can be faked by what a framework adds. `Host`, `X-Forwarded-*` and
the like are never read: every absolute address comes from the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from billing_sdk.auth import checked_path
from billing_sdk.contrib._sessions import Session
from billing_sdk.errors import InvalidRequest

# What a path may hold as it is (RFC 3986, section 3.3).
PATH_CHARACTERS = "/~:@!$&'()*+,;="


class Visit:
    """A request, and what has been found out about it so far.

    Args:
        method: in upper case.
        read_target: gives path and query, percent-encoded; called only where they matter.
        read_header: gives a header by its name in lower case, and the empty string where it was not sent.

    Attributes:
        session: the session of whoever asks, once it was looked up.
        looked_up_by: the application whose session that is; another one in the same process has its own.
        is_gated: a gate has decided on this request, so that nobody may cache its answer.
    """

    __slots__ = ("_read_header", "_read_target", "is_gated", "looked_up_by", "method", "session")

    def __init__(self, method: str, read_target: Callable[[], str], read_header: Callable[[str], str]) -> None:
        self.method = method
        self.session: Session | None = None
        self.looked_up_by: object = None
        self.is_gated = False
        self._read_target = read_target
        self._read_header = read_header

    def header(self, name: str) -> str:
        """Return a header by its name in lower case; the empty string where it was not sent."""
        return self._read_header(name)

    @property
    def target(self) -> str:
        """Path and query with the root of the application, such as `/reports?year=2026`."""
        return self._read_target()

    @property
    def is_api_client(self) -> bool:
        """Whether a program asks: it sends credentials of its own, or does not read HTML."""
        return bool(self.header("authorization")) or "text/html" not in self.header("accept").lower()

    @property
    def is_personal(self) -> bool:
        """Whether the answer depends on who asks, so far."""
        return self.is_gated or self.looked_up_by is not None

    @property
    def query(self) -> str:
        """The query as it was sent."""
        return self.target.partition("?")[2]

    def cookie(self, name: str) -> str:
        """Return a cookie; the empty string where it was not sent, or more than once.

        Two cookies of one name mean that somebody has planted one of them from another path or subdomain, and
        nothing tells which: neither is believed.
        """
        return cookie_in(self.header("cookie"), name)


def cookie_in(header: str, name: str) -> str:
    """Return a cookie of a header."""
    named = f"{name}="
    found = [pair for pair in header.split("; ") if pair.startswith(named)]
    return found[0].removeprefix(named) if len(found) == 1 else ""


def visit_from_wsgi(environ: Mapping[str, Any]) -> Visit:
    """Read a request of WSGI (PEP 3333)."""

    def header(name: str) -> str:
        value: str = environ.get(environ_name(name), "")
        return value

    def target() -> str:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        return quote(path.encode("latin-1"), safe=PATH_CHARACTERS) + (f"?{query}" if query else "")

    return Visit(environ["REQUEST_METHOD"], target, header)


@cache
def environ_name(header: str) -> str:
    """Return the name under which WSGI has a header."""
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"


class AsgiVisit(Visit):
    """A request of ASGI, or the opening of a WebSocket; one is made for every request, so it reads when it is asked.

    Attributes:
        scope: of ASGI.
    """

    __slots__ = ("_headers", "scope")

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        self._headers: Mapping[bytes, bytes] | None = None
        self.method = scope.get("method", "GET")
        self.session = None
        self.looked_up_by = None
        self.is_gated = False

    def header(self, name: str) -> str:
        """Return a header by its name in lower case; the empty string where it was not sent."""
        if self._headers is None:
            self._headers = joined(self.scope["headers"])
        return self._headers.get(name.encode("ascii"), b"").decode("latin-1")

    @property
    def target(self) -> str:
        """Path and query with the root of the application, such as `/reports?year=2026`."""
        path: bytes = self.scope.get("raw_path") or quote(self.scope["path"], safe=PATH_CHARACTERS).encode("ascii")
        query: bytes = self.scope.get("query_string", b"")
        return (path + (b"?" + query if query else b"")).decode("latin-1")


def joined(headers: Collection[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Return headers by their names; what was sent in several lines becomes one (RFC 9110, section 5.3)."""
    found = dict(headers)
    if len(found) < len(headers):
        for name in found:
            separator = b"; " if name == b"cookie" else b", "
            found[name] = separator.join([value for key, value in headers if key == name])
    return found


def local_path(value: str) -> str | None:
    """Return a path of this application, or None for anything that a browser could read as another place."""
    try:
        path = checked_path(value)
    except InvalidRequest:
        return None
    # Read once more by a parser: whatever slipped through the rule, an address with a host is not a path.
    parts = urlsplit(path)
    return None if parts.scheme or parts.netloc else path
