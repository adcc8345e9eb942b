"""Connections: each has to become a request in good time, and no number of them keeps others out.

uvicorn waits for ever for the head of a request, and counts connections that say nothing as if they were served. This
protocol gives a whole head a deadline, however slowly its bytes drip in, and when there are too many connections it
closes the one that has kept the server waiting longest. Slow bodies and the number of requests that are served at
once are bounded further in, by `web`.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# What the process keeps for files, the database and webhooks.
OTHER_FILES = 200


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How patient the server is with those who connect.

    Attributes:
        head_seconds: from the connection, or from the answer before, to the end of the next request's head.
        most: how many connections may be open.
    """

    head_seconds: float = 15.0
    most: int = 1_000

    def within_process(self) -> ConnectionLimits:
        """Return limits that the process's own limit of open files leaves room for."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return ConnectionLimits(self.head_seconds, max(16, min(self.most, files - OTHER_FILES)))


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to patience.

    Args:
        limits: how patient it is.
        options: what uvicorn passes.
    """

    def __init__(self, *, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(**options)
        # uvicorn writes request lines, which hold codes and one-time keys, as soon as anybody listens to its logger.
        self.access_log = False
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self._waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self._limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Start to wait for the next request."""
        self._await_head()
        super().on_response_complete()

    @property
    def is_being_waited_for(self) -> bool:
        """Whether a head or body is not complete, so that nothing is lost but time if the connection is closed."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._waits_since = self.loop.time()
        self._head_timer = self.loop.call_later(self._limits.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()

    def _make_room(self) -> None:
        waiting = [
            other for other in self.connections if isinstance(other, PatientProtocol) and other.is_being_waited_for
        ]
        longest = min(waiting, key=lambda other: other._waits_since, default=self)
        self.connections.discard(longest)
        longest.transport.abort()
