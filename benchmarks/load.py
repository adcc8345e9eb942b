"""A load: connections that each send a request, wait for its whole answer, and send it again."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable

import uvloop

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class _Client(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._arrived = b""
        self._end = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is no other kind
        self.transport = transport

    def ask(self) -> None:
        self._arrived, self._end = b"", 0
        self.transport.write(self._load.request())

    def data_received(self, data: bytes) -> None:
        self._arrived += data
        if not self._end:
            head = self._arrived.find(b"\r\n\r\n")
            if head < 0:
                return
            self._end = head + 4 + int(LENGTH.search(self._arrived)[1])
        if len(self._arrived) >= self._end:
            self._load.statuses[self._arrived[9:12].decode()] += 1
            if self._load.is_over:
                self.transport.close()
            else:
                self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.open -= 1
        if not self._load.open:
            self._load.ended.set()


class _Load:
    def __init__(self, request: Callable[[], bytes], connections: int) -> None:
        self.request = request
        self.statuses: Counter[str] = Counter()
        self.is_over = False
        self.open = connections
        self.ended = asyncio.Event()


async def _run(port: int, request: Callable[[], bytes], connections: int, seconds: float) -> tuple[float, Counter[str]]:
    load, loop = _Load(request, connections), asyncio.get_running_loop()
    clients = [(await loop.create_connection(lambda: _Client(load), "127.0.0.1", port))[1] for _ in range(connections)]
    begun = time.perf_counter()
    for client in clients:
        client.ask()
    await asyncio.sleep(seconds)
    load.is_over = True
    await load.ended.wait()
    return sum(load.statuses.values()) / (time.perf_counter() - begun), load.statuses


def run(
    port: int, request: Callable[[], bytes], *, connections: int = 64, seconds: float
) -> tuple[float, Counter[str]]:
    """Return how many requests were answered each second, and the statuses of all answers.

    Args:
        port: of a server on this machine.
        request: makes the octets of the next request.
        connections: how many ask at the same time.
        seconds: for how long.
    """
    return uvloop.run(_run(port, request, connections, seconds))
