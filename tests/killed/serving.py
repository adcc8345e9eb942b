"""A server in a process of its own, which is killed and followed by another on the same socket.

The socket stays open in between, so whoever connects meanwhile is served by the one that follows, and nobody has to
ask whether it is there yet.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

from billing_sdk.server.app import create_app
from billing_sdk.server.running import bind, running
from billing_sdk.server.settings import NO_LIMITS, Settings
from tests.killed.runs import FORKS

BASE_URL = "http://127.0.0.1:3000"


class KilledServer:
    """Serves one database, and is killed as often as is asked.

    Attributes:
        address: where it listens, as long as this object is there.
        kills: how often it was killed.
    """

    def __init__(self, database_url: str, listener: socket.socket) -> None:
        self.address = "http://{}:{}".format(*listener.getsockname())
        self.kills = 0
        self._arguments = (listener, database_url)
        self._process = self._start()

    def kill(self) -> None:
        """Kill it as it is, and start another in its place."""
        self.end()
        self.kills += 1
        self._process = self._start()

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL, f"the server has ended with {self._process.exitcode}"

    def _start(self) -> BaseProcess:
        process = FORKS.Process(target=serve, args=self._arguments)
        process.start()
        return process


@contextmanager
def killed_server(database_url: str) -> Iterator[KilledServer]:
    """Serve a database for the length of a `with` block."""
    with bind("127.0.0.1", 0) as listener:
        listener.listen(64)
        server = KilledServer(database_url, listener)
        try:
            yield server
        finally:
            server.end()


def serve(listener: socket.socket, database_url: str) -> None:
    """Serve until killed, under the name that engines of tests have."""
    settings = Settings(base_url=BASE_URL, database_url=database_url, **NO_LIMITS)
    with running(create_app(settings, delivers=False, runs_timers=False), listener):
        threading.Event().wait()
