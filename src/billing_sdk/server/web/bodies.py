"""Bodies: read whole, within a bound for each and a bound for all of them, before anything looks at them."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Self

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.errors import BillingError, InvalidRequest, PayloadTooLarge, ServerBusy
from billing_sdk.server.web.errors import render_error

MAX_BODY_BYTES = 1_048_576
MAX_BODY_SECONDS = 30.0
DRAINED = 16  # times the bound
# A form, and nearly every call, is smaller than this; with as many as there may be connections that is 16 MiB.
SMALL_BYTES = 16 * 1_024
# What larger bodies take beyond that, all of them together.
MOST_HELD_BYTES = 32 * MAX_BODY_BYTES
RETRY_SECONDS = 5
# The extension of ASGI by which a connection says that the whole body has arrived.
WHOLE = "billing_sdk.whole_body"


class _Memory:
    """What bodies may take of the process's memory; whoever is small finds room, however much the large ones take."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes


class _Share:
    """What one body takes of it, which is given back at the end of a `with` block."""

    __slots__ = ("_memory", "held_bytes")

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory
        self.held_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.left += self.held_bytes

    def follow(self, length: int) -> bool:
        """Follow the body's length, or return that there is no room."""
        wanted = max(0, length - SMALL_BYTES) - self.held_bytes
        if wanted > self._memory.left:
            return False
        self._memory.left -= wanted
        self.held_bytes += wanted
        return True


class _Disconnected(Exception):
    """The client went away before its body was complete."""


class BodyLimit:
    """Refuse a body that is too large, with or without a declared length, or that arrives too slowly."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int = MAX_BODY_BYTES,
        max_seconds: float = MAX_BODY_SECONDS,
        most_held_bytes: int = MOST_HELD_BYTES,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._memory = _Memory(most_held_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with _Share(self._memory) as share:
            try:
                # Nearly all bodies arrive with their heads, and are not waited for.
                is_here = WHOLE in scope.get("extensions", ())
                async with nullcontext() if is_here else asyncio.timeout(self._max_seconds):
                    body = await self._read(_declared(scope), receive, share)
            except _Disconnected:
                return
            except TimeoutError:
                await self._refuse(InvalidRequest("the body did not arrive in time"), scope, receive, send)
            except BillingError as error:
                await self._refuse(error, scope, receive, send)
            else:
                scope.setdefault("state", {})["body"] = body
                await self._app(scope, _replay(body, receive), send)

    async def _read(self, declared: bytes, receive: Receive, share: _Share) -> bytes:
        body = bytearray()
        count = 0
        is_complete = False
        limit = self._max_bytes
        refusal: BillingError | None = None
        # A length that is not a number was refused with the head.
        if len(declared) > 10 or int(declared) > limit:
            refusal = _too_large(limit)
        # What is refused is still read for a while, and dropped: a client that is cut off while it sends would see
        # a broken connection instead of the reason.
        while not is_complete and count <= DRAINED * limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            chunk = message.get("body", b"")
            count += len(chunk)
            if count > limit:
                refusal = _too_large(limit)
            elif refusal is None and not share.follow(count):
                refusal = ServerBusy("too many large bodies are being read", retry_after_seconds=RETRY_SECONDS)
            if refusal is None:
                body += chunk
            else:
                body.clear()
                share.follow(0)
            is_complete = not message.get("more_body", False)
            # While the next piece is waited for, nothing holds this one.
            del message, chunk
        if refusal is not None:
            raise refusal
        return bytes(body)

    async def _refuse(self, error: BillingError, scope: Scope, receive: Receive, send: Send) -> None:
        response = render_error(Request(scope), error)
        response.headers["Connection"] = "close"  # there may be more, and nobody will read it
        await response(scope, receive, send)


def _declared(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"content-length"), b"0")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"a body has at most {limit} bytes")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body once, then whatever the connection has to say."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
