"""Addresses: nothing in them that a database can't hold."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.web.errors import render_error


class PlainAddresses:
    """Refuse an address with a NUL in it, before a door looks something up by it.

    PostgreSQL has no text with a NUL, and would fail where SQLite finds nothing. What is not UTF-8 has become a
    replacement character by now, which names nothing either.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and ("\x00" in scope["path"] or b"%00" in scope["query_string"]):
            refusal = render_error(Request(scope), InvalidRequest("the address holds a NUL"))
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)
