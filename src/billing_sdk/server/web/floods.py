"""Floods: an address that keeps sending requests without a usable credential is told to wait."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.errors import RateLimited
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.client_address import client_address
from billing_sdk.server.web.errors import render_error


class Floods:
    """Count the requests of each address that were answered with 401, and answer 429 where they are too many.

    Only what was refused counts and only what would be refused is held off, so whoever has a credential gets
    through, also where many share one address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_held_off = False

        async def watch(message: Message) -> None:
            nonlocal is_held_off
            if message["type"] == "http.response.start" and message["status"] == 401:
                request = Request(scope)
                engine: Engine = request.app.state.engine
                try:
                    engine.admit("refused", address_of(request, engine.settings))
                except RateLimited as error:
                    is_held_off = True
                    await render_error(request, error)(scope, receive, send)
            if not is_held_off:
                await send(message)

        await self._app(scope, receive, watch)


def address_of(connection: HTTPConnection, settings: Settings) -> str:
    """Return whom to count a request against: who is known to have sent it, or else who is connected."""
    peer = connection.client.host if connection.client is not None else ""
    return client_address(connection, settings) or peer
