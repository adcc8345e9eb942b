"""Calls to the Stripe door of an engine, without a socket; the engine's clock stands still until it is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from billing_sdk.server.api.stripe import EventDoor, routes
from billing_sdk.server.occasion import ServingRequest
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from tests.engines import IN_MEMORY, engine_on

VERSION = "2026-10-14.preview"


class Told(NamedTuple):
    """An answer."""

    status: int
    body: Any
    headers: httpx.Headers

    @property
    def refusal(self) -> tuple[int, str | None, str | None]:
        """The status, the code and the parameter of an error."""
        error = self.body["error"]
        return self.status, error.get("code"), error.get("param")


class Api:
    """One of the two APIs: v1 takes forms, v2 JSON and a version."""

    def __init__(self, door: Door, prefix: str) -> None:
        self._door = door
        self._prefix = prefix

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """Send a request; underscores in the names of headers stand for hyphens."""
        usual = {} if self._prefix == "/v1" else {"Stripe-Version": VERSION}
        sent = {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}
        full = path if path.startswith(f"{self._prefix}/") else self._prefix + path
        return self._door.call(method, full, body, sent, is_form=self._prefix == "/v1")

    def get(self, path: str, **headers: str) -> Any:
        """Get something that has to be there."""
        return self._good(self.call("GET", path, **headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Post something that has to work."""
        return self._good(self.call("POST", path, body, **headers))

    def delete(self, path: str, **headers: str) -> Any:
        """Delete something that has to be there."""
        return self._good(self.call("DELETE", path, **headers))

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str | None, str | None]:
        """Send what has to be refused; return the status, the code and the parameter."""
        told = self.call(method, path, body, **headers)
        assert told.status >= 400, told.body
        return told.refusal

    def pages(self, path: str) -> list[Any]:
        """Return all items of a list, page by page."""
        found: list[Any] = []
        sign = "&" if "?" in path else "?"
        page = self.get(path)
        while True:
            found += page["data"]
            if self._prefix == "/v2" and page["next_page_url"]:
                page = self.get(page["next_page_url"])
            elif self._prefix == "/v1" and page["has_more"]:
                page = self.get(f"{path}{sign}starting_after={page['data'][-1]['id']}")
            else:
                return found

    @staticmethod
    def _good(told: Told) -> Any:
        assert told.status == 200, told.body
        return told.body


class Door:
    """Sends requests with a key that allows everything.

    Attributes:
        v1: forms in, JSON out.
        v2: JSON in and out; the version is the newest preview where a call names no other.
    """

    def __init__(self, engine: Engine, app: Starlette, runner: asyncio.Runner, key: str) -> None:
        self.engine = engine
        self.key = key
        self._app = app
        self._runner = runner
        self.v1 = Api(self, "/v1")
        self.v2 = Api(self, "/v2")

    def call(self, method: str, path: str, body: Any, headers: dict[str, str], *, is_form: bool) -> Told:
        """Send one request."""
        return self._runner.run(self._call(method, path, body, headers, is_form=is_form))

    async def _call(self, method: str, path: str, body: Any, headers: dict[str, str], *, is_form: bool) -> Told:
        options: dict[str, Any] = {}
        if isinstance(body, bytes):
            options = {"content": body}
        elif body is not None and is_form:
            options = {"content": form(body).encode()}
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        elif body is not None:
            options = {"json": body}
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        transport = httpx.ASGITransport(self._serve, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=self.engine.settings.base_url) as client:
            answer = await client.request(method, path, headers=sent, **options)
        return Told(answer.status_code, answer.json() if answer.content else None, answer.headers)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["request_id"] = "req_1"
        with ServingRequest("req_1"):
            await self._app(scope, receive, send)


def form(body: dict[str, Any]) -> str:
    """Return a body as Stripe's clients write forms: `a[b][0]=c`."""
    return urlencode(list(_fields(body)))


def _fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    members = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else None
    if members is None:
        yield name, str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
        return
    for key, member in members:
        yield from _fields(member, f"{name}[{key}]" if name else str(key))


@contextmanager
def door_of(engine: Engine) -> Iterator[Door]:
    """Yield the door of an engine for the length of a `with` block."""
    key = create_api_token(engine, name="tests", prefix="sk").secret.reveal()
    ingestion = Ingestion(engine)
    try:
        with asyncio.Runner() as runner:
            yield Door(engine, Starlette(routes=routes(engine, ingestion)), runner, key)
    finally:
        ingestion.close()


@contextmanager
def new_door(database_url: str = IN_MEMORY, **settings: Any) -> Iterator[Door]:
    """Yield the door of a new engine with the demo catalogue."""
    with engine_on(database_url, **settings) as engine, door_of(showing(engine)) as door:
        yield door


def showing(engine: Engine) -> Engine:
    """Return an engine that can write events for this door, as the whole server's can."""
    return replace(engine, shows=EventDoor(engine))
