"""The real server on a real socket, run by a thread of the test process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette

from billing_sdk.server.app import create_app
from billing_sdk.server.clock import Clock
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from tests.waiting import wait_until

CALLBACK = "http://127.0.0.1:3000/callback"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens: where, what it was seeded with, and its inside for a test to look at."""

    base_url: str
    seed: DemoSeed
    engine: Engine
    app: Starlette
    redirect_uri: str = CALLBACK


@contextmanager
def serving(
    database_url: str, *, clock: Clock | None = None, redirect_uris: tuple[str, ...] = (CALLBACK,), **settings: Any
) -> Iterator[RunningServer]:
    """Run the server with the demo catalogue on a free loopback port for the length of a `with` block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        configuration = replace(Settings(base_url=base_url, database_url=database_url), **settings)
        app = create_app(configuration, clock=clock)
        engine: Engine = app.state.engine
        seed = seed_demo(engine, redirect_uris=redirect_uris)
        with listening(app, listener):
            yield RunningServer(base_url, seed, engine, app, redirect_uris[0])


@contextmanager
def listening(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve any ASGI application on a bound socket for the length of a `with` block."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive(), what="the start of the server")
        assert server.started, "the server did not start; its log says why"
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
