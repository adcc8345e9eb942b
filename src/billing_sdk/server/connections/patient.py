"""The protocol: each connection has to send and to read in good time, and no number of them keeps others out.

uvicorn's own protocols wait for ever for the head of a request and for an answer to be read, and count connections that
do neither as if they were served; those on llhttp also look at requests behind the one that is being served. This one
gives a whole head a deadline and a size, however its bytes arrive, and gives an answer a deadline by which it has to
be on its way. When there are too many connections it closes the one that has kept the server waiting longest. Slow
bodies and the number of requests that are served at once are bounded further in, by `web`; that a request is being
served never depends on whether its answer is read.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import struct
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from billing_sdk.server.connections.exchange import MOST_WAITING_BYTES, Exchange, refusal
from billing_sdk.server.connections.heads import Head
from billing_sdk.server.connections.reader import Malformed, RequestReader
from billing_sdk.server.web.extensions import NOTES

logger = logging.getLogger("uvicorn.error")

# What the process keeps for files, the database and webhooks.
OTHER_FILES = 200
REFUSED = "Invalid HTTP request received."


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How patient the server is with those who connect.

    Attributes:
        head_seconds: from the connection, or from the answer before, to the end of the next request's head.
        answer_seconds: until the client has taken so much of an answer that the system holds the rest.
        most: how many connections may be open.
    """

    head_seconds: float = 15.0
    answer_seconds: float = 30.0
    most: int = 1_000

    def within_process(self) -> ConnectionLimits:
        """Return limits that the process's own limit of open files leaves room for."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return replace(self, most=max(16, min(self.most, files - OTHER_FILES)))


class PatientProtocol(asyncio.Protocol):
    """HTTP/1.1 with an end to patience; request lines, which hold codes and one-time keys, are not logged.

    Args:
        limits: how patient it is.
        config: uvicorn's.
        server_state: uvicorn's, shared by all connections.
        app_state: what the application keeps from its start to its end.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        *,
        limits: ConnectionLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app: ASGIApp = config.loaded_app
        self._loop = _loop or asyncio.get_running_loop()
        self._state = server_state
        self._app_state = app_state
        self._limits = limits
        self._reader = RequestReader()
        self._exchange: Exchange | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._is_reading_paused = False
        self._is_writing_paused = False
        self._is_refused = False
        self._waits_since = 0.0
        self._template: dict[str, Any] = {}

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is no other kind
        """Start to wait for the first request."""
        self.transport = transport
        self._state.connections.add(self)  # type: ignore[arg-type] # uvicorn names its own protocols
        self._template = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "scheme": "http",
            "root_path": "",
        }
        # Writing is paused while anything at all waits for the client.
        transport.set_write_buffer_limits(high=0)
        self._await_head()
        if len(self._state.connections) > self._limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why does not matter
        """Wait no more."""
        self._state.connections.discard(self)
        for timer in (self._head_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._answer_timer = None
        if self._exchange is not None:
            self._exchange.break_off()
        self._reader.close()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        if not self._is_refused:
            self._reader.arrive(data)
            self._proceed()

    def eof_received(self) -> None:
        """Let the transport close: who sends no more is not served any more."""

    def pause_writing(self) -> None:
        """Start to wait for the client to read."""
        self._is_writing_paused = True
        self._waits_since = self._loop.time()
        if self._answer_timer is not None:
            self._answer_timer.cancel()
        self._answer_timer = self._loop.call_later(self._limits.answer_seconds, self._break_off)

    def resume_writing(self) -> None:
        """Go on with the next request, now that nothing of the answer before is left here."""
        self._is_writing_paused = False
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
        if self._exchange is not None and self._exchange.is_answered:
            self._go_on_after_answer()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """Serve nothing more than what is being served."""
        if self._exchange is None or self._exchange.is_answered:
            self.transport.close()
        else:
            self._exchange.keeps_alive = False

    # What an exchange calls.

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer carries."""
        return self._state.default_headers

    def write(self, octets: bytes) -> None:
        """Send to the client, without waiting for it to read: an answer is whole in memory, and none is streamed."""
        self.transport.write(octets)

    def read_on(self) -> None:
        """Take more from the client."""
        if self._is_reading_paused and not self.transport.is_closing():
            self._is_reading_paused = False
            self.transport.resume_reading()

    def close(self) -> None:
        """Send what is written, and close."""
        self.transport.close()

    def answered(self) -> None:
        """Start to wait for the next request, or for the client to read this answer before that."""
        self._state.total_requests += 1
        assert self._exchange is not None  # noqa: S101 - it is what calls
        if not self._exchange.keeps_alive:
            self.transport.close()
        elif not self._is_writing_paused and not self.transport.is_closing():
            self._go_on_after_answer()

    # How far a connection is.

    @property
    def keeps_waiting(self) -> bool:
        """Whether the client has yet to send or to read, so that only its own request is lost by closing."""
        return self._is_writing_paused or self._exchange is None or not self._reader.is_between

    def _proceed(self) -> None:
        try:
            while self._exchange is None or not self._reader.is_between:
                if not self._reader.has_more:
                    return
                if self._exchange is not None:
                    self._take_body(self._exchange)
                    return
                head = self._reader.head()
                if head is None:
                    return
                self._begin(head)
        except Malformed as error:
            self._refuse(error.status)
            return
        if self._reader.has_more:  # the request behind the one that is being served
            self._pause_reading()

    def _begin(self, head: Head) -> None:
        raw_path, _, query = head.target.partition(b"?")
        path = raw_path.decode("ascii")
        scope = self._template | {
            "http_version": head.version,
            "method": head.method,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": head.headers,
            "state": self._app_state.copy(),
            "extensions": {NOTES: head.notes},
        }
        self._exchange = Exchange(self, scope, keeps_alive=head.keeps_alive, expects_continue=head.expects_continue)
        if self._reader.is_between:
            self._exchange.arrive(b"", is_whole=True)
        tasks = self._state.tasks
        self._exchange.task = self._loop.create_task(self._exchange.run(self._app, tasks))
        tasks.add(self._exchange.task)

    def _take_body(self, exchange: Exchange) -> None:
        body = self._reader.body()
        if exchange.is_answered:
            if self._reader.is_between and not self._is_writing_paused:
                self._go_on_after_answer()
            return
        exchange.arrive(body, is_whole=self._reader.is_between)
        if exchange.waiting_bytes > MOST_WAITING_BYTES or (self._reader.is_between and self._reader.has_more):
            self._pause_reading()

    def _go_on_after_answer(self) -> None:
        self._await_head()
        self.read_on()
        if self._reader.is_between:
            self._exchange = None
            if self._reader.has_more:
                self._proceed()

    def _pause_reading(self) -> None:
        if not self._is_reading_paused and not self.transport.is_closing():
            self._is_reading_paused = True
            self.transport.pause_reading()

    def _refuse(self, status: int) -> None:
        """Refuse what is no request, and close; what comes after an answer needs none."""
        logger.warning(REFUSED)
        self._is_refused = True
        exchange = self._exchange
        if exchange is None or not exchange.has_begun:
            self.transport.write(refusal(status, REFUSED, self.default_headers))
        if exchange is not None:
            exchange.break_off()
        self.transport.close()

    # Patience.

    def _await_head(self) -> None:
        """Start to wait; the timer of the wait before, if there is one, finds out by itself how long that is."""
        self._waits_since = self._loop.time()
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self._limits.head_seconds, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        self._head_timer = None
        # A request that was answered before its end may go on arriving; nobody reads it.
        if self._is_writing_paused or (self._exchange is not None and not self._exchange.is_answered):
            return
        left = self._waits_since + self._limits.head_seconds - self._loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self._head_timer = self._loop.call_later(left, self._look_at_the_time)

    def _make_room(self) -> None:
        waiting = [
            other for other in self._state.connections if isinstance(other, PatientProtocol) and other.keeps_waiting
        ]
        longest = min(waiting, key=lambda other: other._waits_since, default=self)
        self._state.connections.discard(longest)
        longest._break_off()

    def _break_off(self) -> None:
        """Close, and have the system forget at once what it holds for a client that does not read."""
        if opened := self.transport.get_extra_info("socket"):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
