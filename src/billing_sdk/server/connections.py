"""Connections: each has to send and to read in good time, and no number of them keeps others out.

uvicorn waits for ever for the head of a request and for an answer to be read, and counts connections that do neither
as if they were served. This protocol gives a whole head a deadline and a size, however its bytes arrive, and gives
an answer a deadline by which it has to be on its way. When there are too many connections it closes the one that has
kept the server waiting longest. Slow bodies and the number of requests that are served at once are bounded further
in, by `web`; that a request is being served never depends on whether its answer is read.
"""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import struct
from dataclasses import dataclass, replace
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

# What the process keeps for files, the database and webhooks.
OTHER_FILES = 200
LONGEST_HEAD_BYTES = 32 * 1_024
LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")


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


class _MeasuredConnection(h11.Connection):
    """A connection whose heads have a size; h11 itself measures only those that are not complete."""

    refused_with = 400

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return what has arrived.

        Raises:
            h11.RemoteProtocolError: it is no request, or its head is too long.
        """
        arrived = self.trailing_data[0] if self.their_state is h11.IDLE else b""
        before = len(arrived)
        if LONE_LINE_FEED.search(arrived.partition(b"\r\n\r\n")[0]):
            # h11 takes it for the end of a line, and whoever stands in front may not (RFC 9112, section 2.2).
            raise h11.RemoteProtocolError("a line of the head ends without a carriage return", error_status_hint=400)
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            # A coding that nobody knows is the client's mistake too, and not a failure of the server (501).
            self.refused_with = error.error_status_hint if error.error_status_hint < 500 else 400
            raise
        if isinstance(event, h11.Request) and before - len(self.trailing_data[0]) > LONGEST_HEAD_BYTES:
            self.refused_with = 431
            raise h11.RemoteProtocolError("the head is too long", error_status_hint=self.refused_with)
        return event


class _PatientFlow(FlowControl):
    """Lets an answer be written without waiting for its reader: it is whole in memory, and none is streamed."""

    async def drain(self) -> None:
        """Wait for nothing."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to patience.

    Args:
        limits: how patient it is.
        options: what uvicorn passes.
    """

    conn: _MeasuredConnection

    def __init__(self, *, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(**options)
        # uvicorn writes request lines, which hold codes and one-time keys, as soon as anybody listens to its logger.
        self.access_log = False
        self.conn = _MeasuredConnection(h11.SERVER, LONGEST_HEAD_BYTES)
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._is_answer_on_its_way = False
        self._waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self.flow = _PatientFlow(transport)
        # Writing is paused while anything at all waits for the client.
        transport.set_write_buffer_limits(high=0)
        self._await_head()
        if len(self.connections) > self._limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting_for_head()
        self._stop_waiting_for_reader()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start to wait for the client to read."""
        super().pause_writing()
        self._stop_waiting_for_reader()
        self._waits_since = self.loop.time()
        self._answer_timer = self.loop.call_later(self._limits.answer_seconds, self._break_off)

    def resume_writing(self) -> None:
        """Go on with the next request, now that nothing of the answer before is left here."""
        self._stop_waiting_for_reader()
        super().resume_writing()
        if self._is_answer_on_its_way and self.cycle.response_complete:
            self.on_response_complete()

    def on_response_complete(self) -> None:
        """Start to wait for the next request, or for the client to read the answer before that."""
        self._is_answer_on_its_way = self.flow.write_paused
        if self._is_answer_on_its_way:
            self._stop_waiting_for_head()
            return
        self._await_head()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and close."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # it comes after an answer, and needs none
            return
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        status = self.conn.refused_with
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=msg.encode("ascii")),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @property
    def keeps_waiting(self) -> bool:
        """Whether the client has yet to send or to read, so that only its own request is lost by closing."""
        return self.flow.write_paused or self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _await_head(self) -> None:
        self._stop_waiting_for_head()
        self._waits_since = self.loop.time()
        self._head_timer = self.loop.call_later(self._limits.head_seconds, self._give_up)

    def _stop_waiting_for_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_waiting_for_reader(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        # A request that was answered before its end may go on arriving; nobody reads it.
        if self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE:
            self.transport.close()

    def _make_room(self) -> None:
        waiting = [other for other in self.connections if isinstance(other, PatientProtocol) and other.keeps_waiting]
        longest = min(waiting, key=lambda other: other._waits_since, default=self)
        self.connections.discard(longest)
        longest._break_off()

    def _break_off(self) -> None:
        """Close, and have the system forget at once what it holds for a client that does not read."""
        if opened := self.transport.get_extra_info("socket"):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
