"""Requests a second that one core reads, checks and answers, and what each costs of the processor.

`python -m benchmarks.requests`: 64 connections ask again as soon as they are answered. Server and load each have a core
of their own, where there are two. All are measured in turn, several times, and the figures are medians.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send

from benchmarks import load
from billing_sdk.server.app import create_app
from billing_sdk.server.running import bind, origin_of, running
from billing_sdk.server.settings import NO_LIMITS, Settings

ROUNDS = 5
SECONDS = 1.0
ANSWER = b'{"status":"pass"}'
REQUEST = (
    b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Connection: keep-alive\r\nUser-Agent: benchmark\r\n\r\n"
)
SERVERS = {
    "uvicorn": "uvicorn's own connections (llhttp, uvloop), an application of six lines",
    "connections": "our connections, the same application",
    "server": "the whole server, with every check and header, asked for its health",
}


async def six_lines(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer whatever is asked."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def serve(name: str) -> None:
    """Serve until killed, and print the port."""
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    if name == "uvicorn":
        print(port, flush=True)
        config = uvicorn.Config(six_lines, http="httptools", loop="uvloop", access_log=False, log_config=None)
        uvicorn.Server(config).run(sockets=[listener])
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            base_url=origin_of(listener, None), database_url=f"sqlite:///{folder}/billing.db", **NO_LIMITS
        )
        app = six_lines if name == "connections" else create_app(settings)
        with running(app, listener):
            print(port, flush=True)
            threading.Event().wait()


@contextmanager
def serving(name: str) -> Iterator[tuple[int, int]]:
    """Run one of the servers on the first core, and yield its port and its process id."""
    command = [sys.executable, "-m", "benchmarks.requests", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            _wait_for(port)
            _pin(process.pid, 0)
            yield port, process.pid
        finally:
            process.kill()


def measure() -> list[tuple[str, str]]:
    """Return how many requests each server answers a second, and what one costs."""
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    costs: dict[str, list[float]] = {name: [] for name in SERVERS}
    allowed = os.sched_getaffinity(0)
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(name)) for name in SERVERS}
        _pin(0, 1)
        for round_number in range(ROUNDS + 1):
            for name, (port, process_id) in servers.items():
                begun = _processor_seconds(process_id)
                rate, statuses = load.run(port, lambda: REQUEST, seconds=SECONDS)
                cost = (_processor_seconds(process_id) - begun) / statuses.total()
                assert set(statuses) == {"200"}
                if round_number:  # the first one warms up
                    rates[name].append(rate)
                    costs[name].append(cost)
    os.sched_setaffinity(0, allowed)
    return [
        (says, f"{statistics.median(rates[name]):,.0f}/s, {statistics.median(costs[name]) * 1e6:.0f} µs")
        for name, says in SERVERS.items()
    ]


def _wait_for(port: int) -> None:
    for _ in range(1_000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError("the server did not start")


def _pin(process_id: int, core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return
    for thread in os.listdir(f"/proc/{process_id or 'self'}/task"):
        os.sched_setaffinity(int(thread), {cores[core]})


def _processor_seconds(process_id: int) -> float:
    with open(f"/proc/{process_id}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    else:
        for described, figure in measure():
            print(f"{described:90} {figure:>20}")
