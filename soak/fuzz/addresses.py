"""Redirect and return addresses: what the SDK or the server takes leads where a browser would go, and nowhere else.

The browser here is a model of the WHATWG URL Standard, sections 4.4 and 4.5, and shares nothing with the checks: it
strips what browsers strip, drops tabs and line breaks, reads a backslash as a slash, and any number of slashes as two.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from billing_sdk._config import is_safe_address
from billing_sdk.auth.callback import Callback
from billing_sdk.auth.options import checked_path
from billing_sdk.auth.reauth import read_reauth_state
from billing_sdk.contrib._visit import local_path
from billing_sdk.errors import BillingError
from billing_sdk.server.domain.identity.application import Application, origin_of

SEEDS: Final = (
    b"/reports?year=2026#x",
    b"//evil.example",
    b"/\\evil.example",
    b"/\t/evil.example",
    b"\x00//evil.example",
    b"https:evil.example",
    b"javascript:alert(1)",
    b"https://app.example/back?x=1",
    b"https://app.example:443/",
    b"https://app.example@evil.example/",
    b"https://app.example\\@evil.example/",
    b"https://evil.example#@app.example/",
    b"https://app.example:443:80/",
    b"http://127.0.0.1:3000/callback",
    b"http://localhost:3000/",
    b"http://[::1]:9000/",
    b"http://app.localhost/",
    b"https:///app.example/",
    b"https://\xef\xbd\x81pp.example/",
    b"https://xn--pp-xia.example/",
    b"code=c&state=s&iss=https%3A%2F%2Fid.example",
    b"https://app.example/billing/callback?code=c&state=s#code=d",
    b"eyJwbGFuX2ludGVyZXN0IjoicHJvIn0",
)
REGISTERED: Final = ("https://app.example/billing/callback", "http://127.0.0.1:3000/callback")
APPLICATION: Final = Application("app_1", "The application", "web", redirect_uris=REGISTERED)
PORTS: Final = {"http": "80", "https": "443"}
STRIPPED: Final = "".join(map(chr, range(0x21)))
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:\[\]]+)(?::([0-9]*))?", re.ASCII)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def target(data: bytes) -> None:
    """Ask every check about one text; a check that takes what a browser reads otherwise is a finding."""
    text = data.decode("utf-8", "surrogateescape")
    _paths(text)
    _addresses(text)
    for read in (Callback.read, read_reauth_state):
        try:
            read(text)
        except BillingError:
            continue


def _paths(text: str) -> None:
    try:
        taken = checked_path(text)
    except BillingError:
        taken = None
    for path in (taken, local_path(text)):
        if path is not None and browser_origin(path) != "":
            raise AssertionError(f"a browser leaves the application by {path!r}")


def _addresses(text: str) -> None:
    if is_safe_address(text):
        origin = browser_origin(text)
        host = urlsplit(origin or "").hostname or ""
        is_own = host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")
        if not (origin or "").startswith("https://") and not is_own:
            raise AssertionError(f"{text!r} was taken and is neither https nor on this machine")
    origin = origin_of(text)
    went = browser_origin(text) or ""
    # Names that a browser translates first are compared by what the application allows, below.
    if origin is not None and origin.isascii() and "%" not in origin and went not in (origin, ""):
        raise AssertionError(f"{text!r} was read as {origin}, a browser goes to {went}")
    if APPLICATION.allows_return_to(text):
        allowed = {browser_origin(address) for address in REGISTERED}
        if browser_origin(text) not in allowed:
            raise AssertionError(f"{text!r} was allowed, a browser goes to {browser_origin(text)}")


def browser_origin(text: str) -> str | None:
    """Return where a browser goes: "" for where it is already, None for nowhere that has an origin."""
    text = re.sub(r"[\t\n\r]", "", text.strip(STRIPPED))
    scheme = _SCHEME.match(text)
    name = scheme.group(1).lower() if scheme else ""
    rest = re.split(r"[?#]", text[scheme.end() :] if scheme else text, maxsplit=1)[0].replace("\\", "/")
    if scheme is None:
        return None if rest.startswith("//") else ""
    authority = _AUTHORITY.fullmatch(rest.lstrip("/").partition("/")[0].rpartition("@")[2])
    if name not in PORTS or authority is None:
        return None
    host, port = authority.groups("")
    number = port.lstrip("0") or ("0" if port else PORTS[name])
    return f"{name}://{host.lower()}:{number}"
