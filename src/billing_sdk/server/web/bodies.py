"""Bodies: read whole, within a bound, before anything looks at them."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.errors import BillingError, InvalidRequest, PayloadTooLarge
from billing_sdk.server.web.errors import render_error

MAX_BODY_BYTES = 1_048_576
MAX_BODY_SECONDS = 30.0
DRAINED = 16  # times the bound


class _Disconnected(Exception):
    """The client went away before its body was complete."""


class BodyLimit:
    """Refuse a body that is too large, with or without a declared length, or that arrives too slowly."""

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES, max_seconds: float = MAX_BODY_SECONDS) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._max_seconds):
                body = await self._read(Request(scope), receive)
        except _Disconnected:
            return
        except TimeoutError:
            await self._refuse(InvalidRequest("the body did not arrive in time"), scope, receive, send)
        except BillingError as error:
            await self._refuse(error, scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _read(self, request: Request, receive: Receive) -> bytes:
        body = bytearray()
        count = 0
        is_complete = False
        limit = self._max_bytes
        declared = request.headers.get("content-length", "0")
        # h11 has refused a length that is not a number.
        is_too_large = len(declared) > 10 or int(declared) > limit
        # What is too large is still read for a while, and dropped: a client that is cut off while it sends would see
        # a broken connection instead of the reason.
        while not is_complete and count <= DRAINED * limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            chunk = message.get("body", b"")
            count += len(chunk)
            is_too_large = is_too_large or count > limit
            if not is_too_large:
                body += chunk
            is_complete = not message.get("more_body", False)
        if is_too_large:
            raise PayloadTooLarge(f"a body has at most {limit} bytes")
        return bytes(body)

    async def _refuse(self, error: BillingError, scope: Scope, receive: Receive, send: Send) -> None:
        response = render_error(Request(scope), error)
        response.headers["Connection"] = "close"  # there may be more, and nobody will read it
        await response(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body once, then whatever the connection has to say."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
