"""The real server on a real socket, run by a thread of the test process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from billing_sdk.server.app import create_app
from billing_sdk.server.clock import Clock
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.running import bind, origin_of, running
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from tests.canaries import watch
from tests.databases import begin_migrated

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
    database_url: str,
    *,
    clock: Clock | None = None,
    redirect_uris: tuple[str, ...] = (CALLBACK,),
    seed: DemoSeed | None = None,
    gateway: GatewayKind | None = "managed",
    **settings: Any,
) -> Iterator[RunningServer]:
    """Run the server with the demo catalogue on a free loopback port for the length of a `with` block.

    Args:
        database_url: an empty database, or one that holds the demo already.
        clock: tells the server the time; the machine's clock by default.
        redirect_uris: where the demo application lets people come back to.
        seed: what the database was seeded with before.
        gateway: what billing is enabled with, unless the database was seeded before; None leaves it off.
        settings: more fields of the server's `Settings`.
    """
    begin_migrated(database_url)
    with bind("127.0.0.1", 0) as listener:
        base_url = origin_of(listener, None)
        app = create_app(
            Settings(base_url=base_url, database_url=database_url, **{**NO_LIMITS, **settings}),
            clock=clock,
            runs_timers=clock is None,
        )
        engine: Engine = app.state.engine
        seed = seed or seed_demo(engine, redirect_uris=redirect_uris, gateway=gateway)
        watch(
            client_secret=seed.client_secret,
            m2m_client_secret=seed.m2m_client_secret,
            api_key=seed.api_key,
            password=seed.users[0][1],
        )
        with running(app, listener):
            yield RunningServer(base_url, seed, engine, app, redirect_uris[0])
