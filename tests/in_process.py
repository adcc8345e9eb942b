"""The application without a socket: for tests that ask very many questions, or as if behind a TLS proxy."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from billing_sdk.server.app import create_app
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from tests.databases import begin_migrated
from tests.serving import CALLBACK


class InProcess:
    """Sends requests to an application, one after the other, and keeps no cookies."""

    def __init__(self, app: Starlette, seed: DemoSeed, base_url: str, runner: asyncio.Runner) -> None:
        self.app = app
        self.seed = seed
        self.base_url = base_url
        self.engine: Engine = app.state.engine
        self._runner = runner

    def request(
        self, method: str, path: str, *, cookies: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send one request; a failure of the application is an answer, as it is on a socket."""
        return self._runner.run(
            self._request(method, path, dict(cookies or {}), options), context=contextvars.copy_context()
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send one request."""
        return self.request("GET", path, **options)

    async def _request(
        self, method: str, path: str, cookies: dict[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self.base_url, cookies=cookies) as client:
            return await client.request(method, path, **options)


@contextmanager
def in_process(
    database_url: str,
    base_url: str,
    *,
    gateway: GatewayKind | None = "managed",
    seed: DemoSeed | None = None,
    **settings: Any,
) -> Iterator[InProcess]:
    """Yield the application with the demo catalogue for the length of a `with` block.

    Without a gateway billing is off; `seed` is what the database was seeded with before.
    """
    begin_migrated(database_url)
    app = create_app(Settings(base_url, database_url, **{**NO_LIMITS, **settings}), delivers=False)
    try:
        with asyncio.Runner() as runner:
            seed = seed or seed_demo(app.state.engine, redirect_uris=(CALLBACK,), gateway=gateway)
            yield InProcess(app, seed, base_url, runner)
    finally:
        app.state.engine.database.close()
