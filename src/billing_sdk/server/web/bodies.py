"""Bodies: read whole, within a bound for each and a bound for all of them, before anything looks at them."""

from __future__ import annotations

import asyncio
from typing import Self

from starlette.types import Message, Receive, Scope

from billing_sdk.errors import BillingError, InvalidRequest, PayloadTooLarge, ServerBusy
from billing_sdk.server.web.extensions import WHOLE

MAX_BODY_BYTES = 1_048_576
MAX_BODY_SECONDS = 30.0
DRAINED = 16  # times the bound
# A form, and nearly every call, is smaller than this; with as many as there may be connections that is 16 MiB.
SMALL_BYTES = 16 * 1_024
# What larger bodies take beyond that, all of them together.
MOST_HELD_BYTES = 32 * MAX_BODY_BYTES
RETRY_SECONDS = 5


class _Memory:
    """What bodies may take of the process's memory; whoever is small finds room, however much the large ones take."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes


class Share:
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


class Disconnected(Exception):
    """The client went away before its body was complete."""


class Bodies:
    """Reads bodies; one that is too large, with or without a declared length, or arrives too slowly, is refused.

    Args:
        max_bytes: how long each may be.
        max_seconds: how long each may take to arrive.
        most_held_bytes: what the large ones may take of the memory, all together.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BODY_BYTES,
        max_seconds: float = MAX_BODY_SECONDS,
        most_held_bytes: int = MOST_HELD_BYTES,
    ) -> None:
        self._max_bytes = max_bytes
        self._small_bytes = min(SMALL_BYTES, max_bytes)
        self._max_seconds = max_seconds
        self._memory = _Memory(most_held_bytes)

    def share(self) -> Share:
        """Return what holds the room of one body, until the request is answered."""
        return Share(self._memory)

    async def read(self, scope: Scope, receive: Receive, share: Share) -> bytes:
        """Return the body of a request.

        Raises:
            InvalidRequest: it did not arrive in time.
            PayloadTooLarge: it is too large.
            ServerBusy: too many large ones are being read.
            Disconnected: the client has gone.
        """
        if WHOLE in scope.get("extensions", ()):
            # Nearly all bodies arrive with their heads, and are not waited for. Such a one has the length it declares.
            message = await receive()
            if message["type"] == "http.request" and len(message["body"]) <= self._small_bytes:
                whole: bytes = message["body"]
                return whole
            receive = replaying(message, receive)
        try:
            async with asyncio.timeout(self._max_seconds):
                return await self._read(_declared(scope), receive, share)
        except TimeoutError:
            raise InvalidRequest("the body did not arrive in time") from None

    async def _read(self, declared: bytes, receive: Receive, share: Share) -> bytes:
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
                raise Disconnected
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


def _declared(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"content-length"), b"0")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"a body has at most {limit} bytes")


def whole_body(body: bytes) -> Message:
    """Return the message that brings a whole body."""
    return {"type": "http.request", "body": body, "more_body": False}


def replaying(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that gives a message again, and then whatever the connection has to say."""
    waiting = [message]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
