"""What every request passes on its way to a door, and every answer on its way back: one pass for all of it.

The rules are in modules of their own, and here is their order. The id comes first because every answer and every log
line carries it; the headers next, so that a failure has them too; then the body, so that a refused one is answered like
any other error. Admission comes after it: who is slow to send does not count as served. They are not one ASGI
application in another: each of those would wrap what the next one sends, which costs more than most rules do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.errors import BillingError
from billing_sdk.server.occasion import ServingRequest
from billing_sdk.server.web.addresses import require_plain_address
from billing_sdk.server.web.admission import Admission
from billing_sdk.server.web.bodies import Bodies, Disconnected, replaying, whole_body
from billing_sdk.server.web.errors import render_error, unexpected_error
from billing_sdk.server.web.floods import flood_refusal
from billing_sdk.server.web.headers import AnswerHeaders

# What is asked for thousands of times a second, by the method and the whole path.
ExpressRoutes: TypeAlias = Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]]
# How a door with a shape of its own shows what is refused before it is reached; by how the path begins.
Shapes: TypeAlias = Mapping[str, Callable[[Request, BillingError], Response]]


class Guards:
    """Guard an application.

    Args:
        app: what is guarded.
        is_secure: whether browsers reach it by https.
        express: what is served at once, without looking through the routes, which know the same paths as well. Its
            endpoints answer every error of the catalogue themselves: what turns errors into answers comes with routes.
        shapes: how errors look at doors that have a shape of their own; the first that fits counts.
        bodies: reads bodies within bounds.
        admission: counts what is being served.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        is_secure: bool = False,
        express: ExpressRoutes = MappingProxyType({}),
        shapes: Shapes = MappingProxyType({}),
        bodies: Bodies | None = None,
        admission: Admission | None = None,
    ) -> None:
        self._app = app
        self._headers = AnswerHeaders(is_secure=is_secure)
        self._express = express
        self._shapes = shapes
        self._bodies = bodies or Bodies()
        self._admission = admission or Admission()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._headers.begin(scope.setdefault("state", {}))
        render = next((shape for start, shape in self._shapes.items() if scope["path"].startswith(start)), render_error)
        answer = _Answer(scope, receive, send, self._headers, render)
        with ServingRequest(request_id):
            try:
                await self._serve(scope, receive, answer)
            except Exception as error:  # noqa: BLE001 - it is logged, and nobody hears of its inside
                told = unexpected_error(Request(scope), error)
                if not answer.has_begun:
                    await answer.refuse(told)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        with self._bodies.share() as share:
            try:
                require_plain_address(scope)
                scope["state"]["body"] = body = await self._bodies.read(scope, receive, share)
                place = self._admission.place_for(scope["path"])
            except Disconnected:
                return
            except BillingError as error:
                await answer.refuse(error)
                return
            with place:
                endpoint = self._express.get((scope["method"], scope["path"]))
                if endpoint is None:
                    await self._app(scope, replaying(whole_body(body), receive), answer.send)
                else:
                    response = await endpoint(Request(scope))
                    await response(scope, receive, answer.send)


class _Answer:
    """The way of one answer.

    Attributes:
        has_begun: some of it was sent.
    """

    __slots__ = ("_headers", "_is_replaced", "_receive", "_render", "_scope", "_send", "has_begun")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: AnswerHeaders,
        render: Callable[[Request, BillingError], Response],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = headers
        self._render = render
        self.has_begun = False
        self._is_replaced = False

    async def send(self, message: Message) -> None:
        """Send a message, unless another answer was given instead."""
        if message["type"] == "http.response.start":
            if message["status"] == 401 and (flood := flood_refusal(Request(self._scope))):
                await self.refuse(flood)
                self._is_replaced = True
                return
            self.has_begun = True
            message["headers"] = self._headers.completed(message.get("headers", ()), self._scope["state"])
        if not self._is_replaced:
            await self._send(message)

    async def refuse(self, error: BillingError) -> None:
        """Answer with an error."""
        response = self._render(Request(self._scope), error)
        if "body" not in self._scope["state"]:
            response.headers["Connection"] = "close"  # there may be more of a body, and nobody will read it
        await response(self._scope, self._receive, self.send)
