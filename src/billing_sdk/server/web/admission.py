"""How many requests are served at once: who comes after that hears so at once, instead of waiting in a queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from billing_sdk.errors import ServerBusy
from billing_sdk.server.web.errors import render_error

# Ten times what the thread pool works on at once.
MOST_REQUESTS = 400
RETRY_SECONDS = 1
HEALTH = "/health"


class Admission:
    """Refuse a request while too many are being served; the question after the server's health is always admitted."""

    def __init__(self, app: ASGIApp, *, most: int = MOST_REQUESTS) -> None:
        self._app = app
        self._most = most
        self._served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] == HEALTH:
            await self._app(scope, receive, send)
            return
        if self._served >= self._most:
            busy = ServerBusy("too many requests are being served", retry_after_seconds=RETRY_SECONDS)
            await render_error(Request(scope), busy)(scope, receive, send)
            return
        self._served += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._served -= 1


def health_route(timer_lag: Callable[[], timedelta] = timedelta) -> Route:
    """Return the route that a load balancer asks.

    Args:
        timer_lag: for how long the oldest timer had been due when this process last looked.
    """

    async def answer(_request: Request) -> Response:
        """Say that this process serves; it needs neither a thread nor the database, so it can say so under any load."""
        lag = {"observedValue": round(timer_lag().total_seconds()), "observedUnit": "s"}
        return JSONResponse({"status": "pass", "checks": {"timers:lag": [lag]}}, media_type="application/health+json")

    return Route(HEALTH, answer, methods=["GET"])
