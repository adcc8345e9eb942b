"""Both frameworks in this process, without a socket, with Ada signed in or nobody: what goes around a gate?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import flask
import httpx
from starlette.applications import Starlette

from billing_sdk import AsyncClient, Client, EntitlementSnapshot, Flow, Snapshots
from billing_sdk.contrib import MemorySessions, Session, SessionStore, flask as for_flask, starlette as for_starlette
from billing_sdk.errors import Unreachable
from tests.unit.contrib.making import AT, ISSUER, session, snapshot

SECRET = "a secret of the tests"
SETTINGS = {
    "issuer": ISSUER,
    "client_id": "x",
    "m2m_client_id": "machine",
    "m2m_client_secret": "a secret of the machine",
    "redirect_uri": "https://app.example/billing/callback",
}
JSON = {"accept": "application/json"}


@dataclass(slots=True)
class World:
    """What there is around the application.

    Attributes:
        features: what Ada's plan includes; None where the billing server can't be asked.
        ran: what has run behind a gate.
        at: now.
    """

    features: tuple[str, ...] | None = ("reports",)
    ran: list[str] = field(default_factory=list)
    at: datetime = AT

    def now(self) -> datetime:
        """Tell the time."""
        return self.at

    def fetch(self, _: str) -> Flow[EntitlementSnapshot]:
        """Answer what Ada may use."""
        yield from ()
        if self.features is None:
            raise Unreachable("the server is away")
        found = snapshot(*self.features)
        return EntitlementSnapshot(None, found.plans, found.entitlements, taken_at=self.at)


@dataclass(slots=True)
class FlaskDoor:
    """A Flask application."""

    world: World
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)
    app: flask.Flask = field(init=False)
    billing: for_flask.Billing = field(init=False)
    cookie: str = field(init=False)

    def __post_init__(self) -> None:
        client = Client(now=self.world.now, **self.settings)
        client.snapshots = Snapshots(self.world.fetch)
        sessions = MemorySessions()
        self.app = flask.Flask(__name__)
        self.billing = for_flask.Billing(
            self.app, client=client, sessions=sessions, session_secret=SECRET, now=self.world.now
        )
        self.cookie = ada_signs_in(self.billing, sessions)

    def ask(
        self, path: str, *, method: str = "GET", is_ada: bool = False, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Mapping[str, str]]:
        """Send a request; return status, body and headers."""
        sent = {**JSON, **({"cookie": self.cookie} if is_ada else {}), **(headers or {})}
        with self.app.test_client(use_cookies=False) as client:
            response = client.open(path, method=method, headers=sent)
            return response.status_code, response.text, {name.lower(): value for name, value in response.headers}


@dataclass(slots=True)
class StarletteDoor:
    """A Starlette application, or one of FastAPI."""

    world: World
    app: Starlette = field(default_factory=Starlette)
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)
    billing: for_starlette.Billing = field(init=False)
    cookie: str = field(init=False)

    def __post_init__(self) -> None:
        client = AsyncClient(now=self.world.now, **self.settings)
        client.snapshots = Snapshots(self.world.fetch)
        sessions = MemorySessions()
        self.billing = for_starlette.Billing(
            self.app, client=client, sessions=sessions, session_secret=SECRET, now=self.world.now
        )
        self.cookie = ada_signs_in(self.billing, sessions)

    def ask(
        self, path: str, *, method: str = "GET", is_ada: bool = False, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Mapping[str, str]]:
        """Send a request; return status, body and headers."""
        sent = {**JSON, **({"cookie": self.cookie} if is_ada else {}), **(headers or {})}
        return asyncio.run(self._ask(path, method, sent))

    async def _ask(self, path: str, method: str, headers: Mapping[str, str]) -> tuple[int, str, Mapping[str, str]]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as client:
            response = await client.request(method, path, headers=dict(headers))
            return response.status_code, response.text, response.headers

    def open_websocket(self, path: str, *, is_ada: bool = False, can_answer: bool = False) -> list[dict[str, Any]]:
        """Open a WebSocket as a server does, and return what the application sends."""
        sent: list[dict[str, Any]] = []
        waiting: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1005}]
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"cookie", self.cookie.encode())] if is_ada else [],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}} if can_answer else {},
        }

        async def receive() -> dict[str, Any]:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return sent


def ada_signs_in(billing: Any, sessions: SessionStore, found: Session | None = None) -> str:
    """Return the cookie of a session that has just begun: of Ada, or of somebody else."""
    key, header = billing.application.session_cookie.issue()
    sessions.save(key, found or session())
    cookie: str = header.partition(";")[0]
    return cookie
