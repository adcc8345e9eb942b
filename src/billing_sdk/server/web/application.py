"""The application that a server is, with the guards around all of it."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan

from billing_sdk.server.web.errors import exception_handlers
from billing_sdk.server.web.guards import ExpressRoutes, Guards, Shapes


class Application(Starlette):
    """Routes behind the guards, which answer what nobody expected; Starlette's own answer to that is left out.

    Args:
        routes: what is served.
        is_secure: whether browsers reach it by https.
        express: what is served without looking through the routes.
        shapes: how errors look at doors that have a shape of their own.
        lifespan: what it begins and ends with.
    """

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        *,
        is_secure: bool,
        express: ExpressRoutes = MappingProxyType({}),
        shapes: Shapes = MappingProxyType({}),
        lifespan: Lifespan[Starlette] | None = None,
    ) -> None:
        super().__init__(routes=routes, exception_handlers=exception_handlers(), lifespan=lifespan)
        self._is_secure = is_secure
        self._express = express
        self._shapes = shapes

    def build_middleware_stack(self) -> ASGIApp:
        """Return what a request passes."""
        served = ExceptionMiddleware(self.router, handlers=self.exception_handlers)
        return Guards(served, is_secure=self._is_secure, express=self._express, shapes=self._shapes)
