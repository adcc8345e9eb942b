"""What is asked for thousands of times a second is served without looking through the routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

# By the method and the whole path.
ExpressRoutes: TypeAlias = Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]]


class Express:
    """Serve some requests at once, and leave all others to the routes; the routes know the same paths as well.

    Their endpoints answer every error of the catalogue by themselves: what turns errors into answers comes with routes.
    """

    def __init__(self, app: ASGIApp, *, routes: ExpressRoutes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        endpoint = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
        else:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)
