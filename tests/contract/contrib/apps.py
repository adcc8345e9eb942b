"""The same application in both frameworks, on a socket each; what the tests of contrib ask their questions."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import flask
import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from werkzeug.serving import make_server

from billing_sdk import AsyncClient, Client, Event, Snapshots
from billing_sdk.contrib import (
    ALLOW,
    MemorySessions,
    SessionStore,
    Stale,
    flask as for_flask,
    starlette as for_starlette,
)
from billing_sdk.server.running import bind
from billing_sdk.webhooks import MemorySeen, SeenStore
from tests.contract.contrib.provider import Credentials, Provider
from tests.waiting import wait_until

# Nothing here is encrypted, and the certificates of the machine take longer to load than most tests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def get(url: httpx.URL | str, **options: Any) -> httpx.Response:
    """Send a request that no browser sends; it follows no redirect."""
    return httpx.get(url, timeout=60, verify=NO_TLS, **options)


def post(url: str, **options: Any) -> httpx.Response:
    """Send something that no browser sends."""
    return httpx.post(url, timeout=60, verify=NO_TLS, **options)


@dataclass(slots=True)
class Clock:
    """Time that a test moves, for dates and for the ages of caches alike."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the present, moved."""
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        """Return seconds that move as well."""
        return self.now().timestamp()

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(seconds=seconds)


@dataclass(slots=True)
class Told:
    """What the application was told, and how it is to behave.

    Attributes:
        events: what its handlers got.
        hooked: what the route behind the middleware got.
        views: how often a gated view has run.
        is_failing: its handlers raise.
        hook_status: what the route behind the middleware answers.
    """

    events: list[Event] = field(default_factory=list)
    hooked: list[str] = field(default_factory=list)
    views: int = 0
    is_failing: bool = False
    hook_status: int = 200


@dataclass(frozen=True, slots=True)
class RunningApp:
    """An application that listens."""

    base_url: str
    billing: Any
    told: Told
    clock: Clock

    def browser(self) -> httpx.Client:
        """Return a browser that has not been there before; it follows no redirect by itself."""
        return httpx.Client(base_url=self.base_url, headers={"Accept": "text/html"}, timeout=60, verify=NO_TLS)


def sign_in(browser: httpx.Client, return_to: str = "/") -> httpx.Response:
    """Sign Ada in, and return the page that she comes back to."""
    return browser.get("/billing/login", params={"return_to": return_to}, follow_redirects=True)


def move_time(app: RunningApp, provider: Provider, seconds: int) -> None:
    """Let time pass for both sides of a sign-in."""
    app.clock.move(seconds)
    provider.ahead_seconds += seconds


class FlaskStage:
    """A socket on which one Flask application after the other is shown."""

    def __init__(self) -> None:
        self.base_url = ""
        self.build = build_flask
        self.app: Any = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Hand a request to the application of the present test."""
        return self.app(environ, start_response)

    def close(self, client: Client) -> None:
        """Close the connections of an application that is not shown any more."""
        client.close()


class StarletteStage:
    """A socket on which one Starlette application after the other is shown."""

    def __init__(self) -> None:
        self.base_url = ""
        self.build = build_starlette
        self.app: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request to the application of the present test."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        self.loop = asyncio.get_running_loop()
        for part in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{part}.complete"})

    def close(self, client: AsyncClient) -> None:
        """Close the connections of an application that is not shown any more, where they were opened."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(client.close(), self.loop).result(timeout=60)


Stage: TypeAlias = FlaskStage | StarletteStage


@contextmanager
def staged(framework: str) -> Iterator[Stage]:
    """Listen on a socket for applications of one framework."""
    stage: Stage = FlaskStage() if framework == "flask" else StarletteStage()
    serve = serve_wsgi if framework == "flask" else serve_asgi
    with bind("127.0.0.1", 0) as listener:
        listener.listen(128)
        stage.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serve(stage, listener):
            yield stage


@contextmanager
def running(
    stage: Stage,
    credentials: Credentials,
    *,
    sessions: SessionStore | None = None,
    seen: SeenStore | None = None,
) -> Iterator[RunningApp]:
    """Show a new application on a stage for the length of a `with` block."""
    told, clock = Told(), Clock()
    settings = {
        "issuer": credentials.base_url,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "redirect_uri": f"{stage.base_url}/billing/callback",
        "deadline_seconds": 2.0,
    }
    kept = {"sessions": sessions or MemorySessions(), "seen": seen or MemorySeen()}
    options = {**kept, "session_secret": "a secret of the tests", "now": clock.now}
    stage.app, billing = stage.build(settings, options, told, clock)
    try:
        yield RunningApp(stage.base_url, billing, told, clock)
    finally:
        stage.close(billing.client)


def build_flask(settings: dict[str, Any], options: dict[str, Any], told: Told, clock: Clock) -> tuple[Any, Any]:
    """Make the application in Flask."""
    client = Client(now=clock.now, **settings)
    client.snapshots = Snapshots(client.entitlements.list.flow, monotonic=clock.monotonic)
    app = flask.Flask(__name__)
    billing = for_flask.Billing(app, client=client, **options)

    def view() -> Any:
        told.views += 1
        return flask.jsonify(user=billing.user.email if billing.user else None)

    app.add_url_rule("/", "home", lambda: flask.jsonify(user=billing.user.email if billing.user else None))
    app.add_url_rule("/links", "links", lambda: billing.portal_button("x", return_url="https://elsewhere.example/"))
    for path, gate in gates(billing).items():
        app.add_url_rule(path, path, gate(view), methods=["GET", "POST"])

    @app.post("/hooks")
    def hook() -> tuple[str, int]:
        told.hooked.append(f"{billing.event.id} {len(flask.request.get_data())}")
        return "", told.hook_status

    @billing.on("*")
    def note(event: Event) -> None:
        told.events.append(event)
        if told.is_failing:
            raise RuntimeError("the handler fails")

    app.wsgi_app = for_flask.WebhookMiddleware(app.wsgi_app, billing=billing, path="/hooks")  # type: ignore[method-assign]
    return app, billing


def build_starlette(settings: dict[str, Any], options: dict[str, Any], told: Told, clock: Clock) -> tuple[Any, Any]:
    """Make the application in Starlette, with endpoints of both colours."""
    client = AsyncClient(now=clock.now, **settings)
    client.snapshots = Snapshots(client.entitlements.list.flow, monotonic=clock.monotonic)
    billing = for_starlette.Billing(client=client, **options)

    async def home(_: Request) -> Response:
        return JSONResponse({"user": billing.user.email if billing.user else None})

    async def links(_: Request) -> Response:
        return PlainTextResponse(billing.portal_button("x", return_url="https://elsewhere.example/"))

    async def view(_: Request) -> Response:
        told.views += 1
        return JSONResponse({"user": billing.user.email if billing.user else None})

    def blocking_view(_: Request) -> Response:
        told.views += 1
        return JSONResponse({"user": billing.user.email if billing.user else None})

    async def hook(request: Request) -> Response:
        told.hooked.append(f"{billing.event.id} {len(await request.body())}")
        return Response(status_code=told.hook_status)

    @billing.on("*")
    async def note(event: Event) -> None:
        told.events.append(event)
        if told.is_failing:
            raise RuntimeError("the handler fails")

    endpoints = {path: gate(blocking_view if path == "/blocking" else view) for path, gate in gates(billing).items()}
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/links", links),
            Route("/hooks", hook, methods=["POST"]),
            *(Route(path, endpoint, methods=["GET", "POST"]) for path, endpoint in endpoints.items()),
        ]
    )
    app.add_middleware(for_starlette.WebhookMiddleware, billing=billing, path="/hooks")
    billing.init_app(app)
    return app, billing


def gates(billing: Any) -> dict[str, Any]:
    """Return what guards each path."""
    return {
        "/reports": billing.requires("advanced_reports"),
        "/blocking": billing.requires("advanced_reports"),
        "/lounge": billing.requires_plan("pro_monthly", "enterprise_monthly"),
        "/admin": billing.requires_permission("org:write:billing"),
        "/stale": billing.requires("advanced_reports", when_unreachable=Stale(300)),
        "/open": billing.requires("advanced_reports", when_unreachable=ALLOW),
    }


@contextmanager
def serve_wsgi(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve a WSGI application on a socket that listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=60)


@contextmanager
def serve_asgi(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an ASGI application on a socket that listens."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive(), what="the start of the application")
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=60)
