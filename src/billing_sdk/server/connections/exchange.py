"""One request with its answer, as an ASGI application sees them (ASGI specification, HTTP message format)."""

from __future__ import annotations

import asyncio
import logging
import re
from functools import lru_cache
from http import HTTPStatus
from itertools import chain
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

from billing_sdk.server.web.extensions import WHOLE

logger = logging.getLogger("uvicorn.error")

# A body may wait in memory up to this size; the client is not read from beyond it.
MOST_WAITING_BYTES = 65_536
CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != 0x09)
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LENGTH, CONNECTION = b"content-length: ", b"connection: "
JUDGED = (LENGTH, CONNECTION)
CLOSE = CONNECTION + b"close"
CHUNKED = b"transfer-encoding: chunked"
FAILED: tuple[Message, ...] = (
    {
        "type": "http.response.start",
        "status": 500,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"21"),
            (b"connection", b"close"),
        ],
    },
    {"type": "http.response.body", "body": b"Internal Server Error"},
)


class Connection(Protocol):
    """What an exchange asks of its connection."""

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer carries."""
        ...

    def write(self, octets: bytes) -> None:
        """Send to the client."""
        ...

    def read_on(self) -> None:
        """Take more from the client."""
        ...

    def close(self) -> None:
        """Send what is written, and close."""
        ...

    def answered(self) -> None:
        """Hear that the whole answer was written."""
        ...


class Exchange:
    """One request and its answer.

    Attributes:
        keeps_alive: whether another request may follow on the connection.
        has_begun: some of the answer was written.
        is_answered: the whole answer was written.
        task: what runs it.
        waiting_bytes: how much of the body nobody has taken yet.
    """

    __slots__ = (
        "_announced",
        "_connection",
        "_expects_continue",
        "_has_news",
        "_held",
        "_is_chunked",
        "_is_gone",
        "_is_whole",
        "_pieces",
        "_scope",
        "_waiter",
        "has_begun",
        "is_answered",
        "keeps_alive",
        "task",
        "waiting_bytes",
    )

    def __init__(self, connection: Connection, scope: Scope, *, keeps_alive: bool, expects_continue: bool) -> None:
        self._connection = connection
        self._scope = scope
        self.keeps_alive = keeps_alive
        self.has_begun = self.is_answered = False
        self._expects_continue = expects_continue
        self._waiter: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self.waiting_bytes = 0
        self.task: asyncio.Task[None] | None = None
        self._has_news = self._is_whole = self._is_gone = self._is_chunked = False
        self._held: bytes | None = None
        self._announced = 0

    # What the connection tells.

    def arrive(self, body: bytes, *, is_whole: bool) -> None:
        """Take a part of the body."""
        self._pieces.append(body)
        self.waiting_bytes += len(body)
        self._is_whole = is_whole
        self._has_news = True
        if is_whole:
            self._scope["extensions"][WHOLE] = {}
        self._wake()

    def break_off(self) -> None:
        """Hear that there is nobody to answer any more."""
        self._is_gone = True
        self._wake()

    async def run(self, app: ASGIApp, tasks: set[asyncio.Task[None]]) -> None:
        """Have an application answer; whatever it does, the client does not wait for ever.

        Args:
            app: the application.
            tasks: what is under way; this is taken out at its end.
        """
        try:
            await app(self._scope, self._receive, self._send)
        except (Exception, asyncio.CancelledError):  # the server ends, and has waited long enough
            logger.exception("Exception in ASGI application")
            await self._fail()
        else:
            if not (self.is_answered or self._is_gone):
                logger.error("ASGI callable returned without a whole response.")
                await self._fail()
        finally:
            if self.task is not None:
                tasks.discard(self.task)

    # What the application calls.

    async def _receive(self) -> Message:
        if self._expects_continue and not self._is_gone:
            self._expects_continue = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self._has_news or self._is_gone or self.is_answered):
            if not self._is_whole:
                self._connection.read_on()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._is_gone or self.is_answered:
            return {"type": "http.disconnect"}
        self._has_news = False
        body, self._pieces = b"".join(self._pieces), []
        self.waiting_bytes = 0
        return {"type": "http.request", "body": body, "more_body": not self._is_whole}

    async def _send(self, message: Message) -> None:
        if self._is_gone:
            return
        if self._held is None and not self.has_begun:
            self._begin(message)
        elif self.is_answered or message["type"] != "http.response.body":
            raise RuntimeError(f"the ASGI message {message['type']!r} is not expected now")
        else:
            self._go_on(message.get("body", b""), is_last=not message.get("more_body", False))

    def _begin(self, message: Message) -> None:
        """Make the head, and hold it for the body: a small answer goes out in one piece."""
        if message["type"] != "http.response.start":
            raise RuntimeError(f"the ASGI message {message['type']!r} is not expected now")
        self._expects_continue = False
        status: int = message["status"]
        lines = [_status_line(status)]
        announced = None
        for name, value in chain(self._connection.default_headers, message.get("headers", ())):
            field = _field(name)
            if field in JUDGED:
                if field == LENGTH:
                    announced = int(value)
                elif b"close" in value.lower():
                    self.keeps_alive = False
                    continue
            lines.append(field + value)
        if not self.keeps_alive:
            lines.append(CLOSE)
        has_body = self._scope["method"] != "HEAD" and status not in (204, 304)
        if announced is None and has_body and self._scope["http_version"] != "1.0":
            self._is_chunked = True
            lines.append(CHUNKED)
        head = b"\r\n".join(lines)
        # A value with the end of a line in it would say more than one header.
        if len(head) - len(head.translate(None, CONTROLS)) != 2 * (len(lines) - 1):
            raise RuntimeError("a header of the answer contains a control character")
        self._announced = announced if announced is not None and has_body else -1 if has_body else 0
        self._held = head + b"\r\n\r\n"

    def _go_on(self, body: bytes, *, is_last: bool) -> None:
        if self._scope["method"] == "HEAD":
            body = b""
        if self._announced >= 0:
            self._announced -= len(body)
            if self._announced < 0 or (is_last and self._announced):
                raise RuntimeError("the body of the answer has another length than was announced")
        if self._is_chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"0\r\n\r\n" if is_last else b"")
        octets, self._held = (self._held or b"") + body, b""
        self.has_begun = True
        self._connection.write(octets)
        if is_last:
            self.is_answered = True
            self._wake()
            self._connection.answered()

    async def _fail(self) -> None:
        self.keeps_alive = False
        if self.has_begun or self._is_gone:
            self._connection.close()
            return
        self._held = None
        for message in FAILED:
            await self._send(message)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@lru_cache(maxsize=600)
def _status_line(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return f"HTTP/1.1 {status} {phrase}".encode("ascii")


@lru_cache(maxsize=256)  # names are those that the program has
def _field(name: bytes) -> bytes:
    """Return a header's name as a line of it begins."""
    if not TOKEN.fullmatch(name) or name.lower() == b"transfer-encoding":
        raise RuntimeError(f"{name!r} is not a header that an answer may have")
    return name.lower() + b": "


def refusal(status: int, text: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the whole answer to what is no request."""
    lines = [
        b"%b\r\n" % _status_line(status),
        *(b"%b: %b\r\n" % header for header in headers),
        b"content-type: text/plain; charset=utf-8\r\n",
        b"content-length: %d\r\n" % len(text),
        b"connection: close\r\n\r\n",
        text.encode("ascii"),
    ]
    return b"".join(lines)
