"""Five endpoints that misbehave don't hold up ninety-five that work (R5).

A server of its own delivers to 100 endpoints: once with the five switched off, once with them on. They hang, drip, send
a gigabyte, send a bomb of gzip, and redirect to a service on loopback. The others' 95th percentile of the time from the
announcement to the arrival rises by a second at most, the server grows by 64 MiB at most, and nobody calls the service.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from soak.report import Bar

ENDPOINTS = 100
ROUNDS = 60
PAUSE_SECONDS = 3.0
LAST_SECONDS = 60.0
TYPE = "customer.plan_changed"
GIGABYTE = 1024**3
MIB = 1024**2
BOMB = gzip.compress(b"\0" * 200 * MIB)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ROOT = Path(__file__).parents[1]


@dataclass
class Receivers:
    """What arrives where: events by endpoint, and calls of the service that nobody may reach."""

    arrived: dict[tuple[str, str], float] = field(default_factory=dict)
    canary_hits: int = 0
    url: str = ""
    canary_url: str = ""

    async def receive(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection as its path asks."""
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            path, body = await _read_request(reader)
            answers = {"hang": self._hang, "drip": self._drip, "flood": self._flood, "bomb": self._bomb}
            name = path.strip("/")
            if name == "redirect":
                writer.write(f"HTTP/1.1 302 Found\r\nlocation: {self.canary_url}\r\ncontent-length: 0\r\n\r\n".encode())
            elif name in answers:
                await answers[name](writer)
            else:
                self.arrived.setdefault((name, _event_id(body)), time.monotonic())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        writer.close()

    async def betray(self, _reader: StreamReader, writer: StreamWriter) -> None:
        """Count a call that should never be made."""
        self.canary_hits += 1
        writer.close()

    async def _hang(self, _writer: StreamWriter) -> None:
        await asyncio.sleep(3_600)

    async def _drip(self, writer: StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.2)

    async def _flood(self, writer: StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {GIGABYTE}\r\n\r\n".encode())
        for _ in range(GIGABYTE // MIB):
            writer.write(b"x" * MIB)
            await writer.drain()

    async def _bomb(self, writer: StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(BOMB)}\r\n\r\n"
        writer.write(head.encode() + BOMB)


async def _read_request(reader: StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    return lines[0].split(" ")[1], await reader.readexactly(length)


def _event_id(body: bytes) -> str:
    claims = body.split(b".")[1]
    event_id: str = json.loads(base64.urlsafe_b64decode(claims + b"=="))["event_id"]
    return event_id


def run(scale: float) -> tuple[Bar, ...]:
    """Deliver with and without the five, and compare."""
    rounds = max(2, round(ROUNDS * scale))
    with tempfile.TemporaryDirectory(prefix="billing-soak-") as folder, _receiving() as receivers:
        database_url = f"sqlite:///{Path(folder) / 'billing.db'}"
        with _serving(database_url, Path(folder) / "ready.json") as pid:
            engine = create_engine(Settings("http://127.0.0.1:9", database_url))
            bad = _register(engine, receivers)
            _switch(engine, bad, is_enabled=False)
            _deliver(engine, receivers, 1)  # warms everything up
            before = _deliver(engine, receivers, rounds)
            began_bytes = _resident_bytes(pid)
            _switch(engine, bad, is_enabled=True)
            with _watching(pid) as peak:
                after = _deliver(engine, receivers, rounds)
            engine.database.close()
    rise, growth = _p95(after.delays) - _p95(before.delays), (max(peak) - began_bytes) / MIB
    lost = before.lost + after.lost
    what = f"{rounds} events to {ENDPOINTS - len(bad)} working endpoints"
    return (
        Bar(f"{what}: not delivered", str(lost), "0", lost == 0),
        Bar(
            "the others' p95 from announcement to arrival",
            f"{_p95(before.delays):.2f} s alone, {_p95(after.delays):.2f} s beside the five: {rise:+.2f} s",
            "at most +1 s",
            rise <= 1,
        ),
        Bar("growth of the server's memory", f"{growth:+.1f} MiB", "at most +64 MiB", growth <= 64),
        Bar("calls of the service on loopback", str(receivers.canary_hits), "0", receivers.canary_hits == 0),
    )


@dataclass(frozen=True)
class Delivered:
    """How long each delivery took, and how many never came."""

    delays: list[float]
    lost: int


def _deliver(engine: Engine, receivers: Receivers, rounds: int) -> Delivered:
    """Announce an event now and then, and wait for it at every endpoint that works."""
    names = [f"good{number}" for number in range(ENDPOINTS - 5)]
    announced: dict[str, float] = {}
    for _ in range(rounds):
        with engine.begin() as tx:
            event_id = tx.outbox.announce(type=TYPE, data={}, customer=None, at=engine.now())
        announced[event_id] = time.monotonic()
        time.sleep(PAUSE_SECONDS)
    wanted = [(name, event_id) for event_id in announced for name in names]
    deadline = time.monotonic() + LAST_SECONDS
    while time.monotonic() < deadline and not all(key in receivers.arrived for key in wanted):
        time.sleep(0.2)
    delays = [receivers.arrived[key] - announced[key[1]] for key in wanted if key in receivers.arrived]
    return Delivered(delays, len(wanted) - len(delays))


def _register(engine: Engine, receivers: Receivers) -> list[str]:
    """Store the endpoints, more of them than may be registered, and return the ids of the five."""
    names = ["hang", "drip", "flood", "bomb", "redirect", *(f"good{number}" for number in range(ENDPOINTS - 5))]
    with engine.begin() as tx:
        for name in names:
            tx.endpoints.add(Endpoint(f"webhook_{name}", name, f"{receivers.url}/{name}", (TYPE,), engine.now()))
    return [f"webhook_{name}" for name in names[:5]]


def _switch(engine: Engine, endpoint_ids: list[str], *, is_enabled: bool) -> None:
    for endpoint_id in endpoint_ids:
        update_endpoint(engine, endpoint_id=endpoint_id, is_enabled=is_enabled)


@contextmanager
def _serving(database_url: str, ready: Path) -> Iterator[int]:
    """Run the server as a process of its own, and yield its id."""
    program = "from billing_sdk.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--database", database_url]
    process = subprocess.Popen(
        [*command, "--seed", "demo", "--ready-file", str(ready)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _receiving() -> Iterator[Receivers]:
    """Run the receivers in a thread with a loop of its own."""
    receivers, loop, is_ready = Receivers(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        receivers.url = await _listen(receivers.receive)
        receivers.canary_url = await _listen(receivers.betray)
        is_ready.set()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    is_ready.wait()
    try:
        yield receivers
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _listen(handle: Callable[[StreamReader, StreamWriter], Awaitable[None]]) -> str:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=512)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextmanager
def _watching(pid: int) -> Iterator[list[int]]:
    """Note how large a process is, ten times a second, for the length of a `with` block."""
    sizes, is_over = [_resident_bytes(pid)], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            sizes.append(_resident_bytes(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield sizes
    finally:
        is_over.set()
        thread.join()


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def _p95(delays: list[float]) -> float:
    return statistics.quantiles(delays, n=20)[-1] if len(delays) > 1 else float("inf")
