"""Server processes on one database, to be killed and started again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from billing_sdk.server.settings import NO_LIMITS, PREFIX

START_SECONDS = 90
COMMAND = (sys.executable, "-c", "from billing_sdk.cli import main; main()", "serve")


@dataclass
class Servers:
    """Some processes that serve one database under one issuer, each at a port of its own.

    Attributes:
        addresses: where each of them listens; the first one is the issuer.
        ready: what the first one wrote when it was ready: credentials, among others.
        kills: how many were killed.
    """

    database_url: str
    folder: Path
    ports: tuple[int, ...]
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: int = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where each of them listens; the first one is the issuer."""
        return tuple(f"http://127.0.0.1:{port}" for port in self.ports)

    def start(self, port: int) -> None:
        """Start a process; it may take a while until it listens."""
        environment = {**os.environ, **{PREFIX + name.upper(): str(value) for name, value in NO_LIMITS.items()}}
        arguments = ("--port", str(port), "--database", self.database_url, "--base-url", self.addresses[0])
        ready = ("--seed", "demo", "--ready-file", str(self._ready_file(port)))
        with (self.folder / f"{port}.log").open("ab") as log:
            self.processes[port] = subprocess.Popen(
                (*COMMAND, *arguments, *ready), env=environment, stdout=log, stderr=log
            )

    def wait_for(self, port: int) -> dict[str, object]:
        """Wait until a process listens, and return what it says of itself."""
        ends_at = time.monotonic() + START_SECONDS
        while time.monotonic() < ends_at:
            try:
                found: dict[str, object] = json.loads(self._ready_file(port).read_text())
                httpx.get(f"http://127.0.0.1:{port}/.well-known/jwks", timeout=10)
            except (OSError, ValueError, httpx.HTTPError):
                time.sleep(0.02)
            else:
                return found
        raise TimeoutError(f"the server at port {port} did not start: {(self.folder / f'{port}.log').read_text()}")

    def kill(self, number: int) -> None:
        """Kill one of the processes as it is, start another in its place, and wait until it serves."""
        port = self.ports[number % len(self.ports)]
        process = self.processes[port]
        process.kill()
        process.wait()
        self._ready_file(port).unlink(missing_ok=True)
        self.kills += 1
        self.start(port)
        self.wait_for(port)

    def stop(self) -> None:
        """End every process."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()

    def _ready_file(self, port: int) -> Path:
        return self.folder / f"{port}.json"


@contextmanager
def servers(database_url: str, *, count: int = 2) -> Iterator[Servers]:
    """Run some server processes for the length of a `with` block."""
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        running = Servers(database_url, Path(folder), tuple(_free_port() for _ in range(count)))
        try:
            for port in running.ports:
                running.start(port)
                running.wait_for(port)
            yield running
        finally:
            running.stop()


@contextmanager
def killing(running: Servers, *, times: int, every_seconds: float) -> Iterator[None]:
    """Kill one process after the other while the block runs, and go on after it until as many were killed as asked."""
    is_over = threading.Event()

    def kill() -> None:
        for number in range(times):
            is_over.wait(every_seconds)
            running.kill(number)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def machine_headers(running: Servers) -> dict[str, str]:
    """Return the header that lets a machine call the Management API."""
    ready = running.wait_for(running.ports[0])
    form = {
        "grant_type": "client_credentials",
        "client_id": str(ready["m2m_client_id"]),
        "client_secret": str(ready["m2m_client_secret"]),
        "audience": str(ready["audience"]),
    }
    answer = httpx.post(f"{running.addresses[0]}/oauth2/token", data=form, timeout=30).raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def call(
    clients: tuple[httpx.Client, ...], number: int, method: str, path: str, **request: object
) -> tuple[httpx.Response, int]:
    """Send a request to one process, or to the next one where that one is dead; return the answer and the attempts."""
    attempts = 0
    while True:
        client = clients[(number + attempts) % len(clients)]
        attempts += 1
        try:
            return client.request(method, path, **request), attempts  # type: ignore[arg-type]  # handed on as they come
        except httpx.TransportError:
            if attempts == 200:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
