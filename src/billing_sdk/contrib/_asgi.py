"""The ASGI side: which request is present, and webhook verification in front of an existing route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.contrib._answers import OTHER_CACHE_HEADERS, PRIVATE, Answer
from billing_sdk.contrib._billing import BillingBase
from billing_sdk.contrib._claimed_path import ClaimedPath
from billing_sdk.contrib._gated import GatedViews
from billing_sdk.contrib._receive import Receipt, not_posted, too_large
from billing_sdk.contrib._visit import AsgiVisit
from billing_sdk.events import Event
from billing_sdk.webhooks import LONGEST_BODY

VISIT: ContextVar[AsgiVisit] = ContextVar("billing_sdk.visit")
EVENT: ContextVar[Event | None] = ContextVar("billing_sdk.event", default=None)


GATED_HEADERS: Final = tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in PRIVATE)
PERSONAL_HEADERS: Final = ((b"cache-control", b"private"), GATED_HEADERS[1])
CACHE_HEADERS: Final = frozenset(
    name.lower().encode("ascii") for name in ("Cache-Control", "Vary", *OTHER_CACHE_HEADERS)
)


class VisitMiddleware:
    """Notes the present request, and keeps what depends on who asks out of every shared cache.

    Args:
        app: what comes after.
        before_first: called until it has returned once, before a request is looked at; what it raises is the answer.
        gated_views: none of them may have answered a request by itself.
    """

    def __init__(self, app: ASGIApp, *, before_first: Callable[[], None], gated_views: GatedViews) -> None:
        self._app = app
        self._before_first = before_first
        self._has_begun = False
        self._gated_views = gated_views

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or one WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        if not self._has_begun:
            self._before_first()
            self._has_begun = True
        visit = AsgiVisit(scope)

        # It hands on what is to be awaited, so that no message costs a coroutine more.
        def send_private(message: Message) -> Awaitable[None]:
            if message["type"] != "http.response.body":  # a body goes nowhere without a start
                # A route that was added since; its view has run, and what it says goes nowhere.
                self._gated_views.require_endpoint_gated(scope.get("endpoint"))
                if visit.is_personal and message["type"] == "http.response.start":
                    keep_message_private(message, visit)
            return send(message)

        token = VISIT.set(visit)
        try:
            await self._app(scope, receive, send_private)
        finally:
            VISIT.reset(token)


def keep_message_private(message: Message, visit: AsgiVisit) -> None:
    """Keep the beginning of an answer private."""
    headers = message.get("headers", ())
    for name, _ in headers:
        if name in CACHE_HEADERS:
            return keep_private(MutableHeaders(scope=message), visit)
    # The usual case: the view has said nothing of caches. Another list, because an answer may be sent twice.
    message["headers"] = [*headers, *(GATED_HEADERS if visit.is_gated else PERSONAL_HEADERS)]
    return None


def keep_private(headers: MutableHeaders, visit: AsgiVisit) -> None:
    """Keep what depends on who asks from everybody else, and what a gate has decided out of every cache."""
    (_, cache_control), (_, vary) = PRIVATE
    for name in vary.split(", "):
        headers.add_vary_header(name)
    if not visit.is_gated:
        headers.setdefault("Cache-Control", "private")
        return
    headers["Cache-Control"] = cache_control
    for name in OTHER_CACHE_HEADERS:
        del headers[name]


class WebhookMiddleware:
    """Lets only verified events that are new reach a route: `app.add_middleware(WebhookMiddleware, ...)`.

    It reads the raw body before anybody else does, and hands it on. The event is `billing.event` in the endpoint,
    and counts as handled once the endpoint has answered with a 2xx.

    Args:
        app: what comes after.
        billing: of the same application.
        path: of the route, which is answered with POST only, in every spelling; every other one is left alone.
    """

    def __init__(self, app: ASGIApp, *, billing: BillingBase, path: str) -> None:
        self._app = app
        self._billing = billing
        self._path = ClaimedPath(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not self._path.covers(scope["path"], root=scope.get("root_path", "")):
            return await self._app(scope, receive, send)
        if scope["method"] != "POST":
            return await send_answer(not_posted(), send)
        body = await read_body(chunks(receive))
        if body is None:
            return await send_answer(too_large(), send)
        client: Any = self._billing.application.client
        receipt = await client.run(self._billing.receiver.receive(AsgiVisit(scope), body))
        if isinstance(receipt, Answer):
            return await send_answer(receipt, send)
        token = EVENT.set(receipt.event)
        try:
            await self._hand_on(scope, body, receive, send, receipt)
        finally:
            EVENT.reset(token)

    async def _hand_on(self, scope: Scope, body: bytes, receive: Receive, send: Send, receipt: Receipt) -> None:
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        statuses: list[int] = []

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        is_handled = False
        try:
            await self._app(scope, replay, note_status)
            is_handled = bool(statuses) and 200 <= statuses[0] < 300
        finally:
            receipt.settle(is_handled=is_handled)


async def read_body(stream: AsyncIterator[bytes]) -> bytes | None:
    """Return a request's body; None as soon as it is longer than a webhook may be."""
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


async def chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the body of a request as it arrives."""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def send_answer(answer: Answer, send: Send) -> None:
    """Translate an answer."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body.encode()})
