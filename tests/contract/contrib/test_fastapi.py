"""FastAPI: a gated endpoint keeps its parameters and dependencies, in both colours, and a WebSocket has a gate, too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, WebSocket
from pydantic import BaseModel
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from billing_sdk.contrib.starlette import Billing
from billing_sdk.server.running import bind
from tests.contract.contrib.apps import NO_TLS, serve_asgi, sign_in
from tests.contract.contrib.provider import CLIENT_ID, CLIENT_SECRET, Provider


class Report(BaseModel):
    """What an endpoint answers."""

    year: int
    title: str
    reader: str


def title(prefix: str = "Report") -> str:
    """Return what a dependency brings."""
    return prefix


def build(base_url: str, provider: Provider) -> FastAPI:
    app = FastAPI()
    billing = Billing(
        app,
        issuer=provider.base_url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=f"{base_url}/billing/callback",
        session_secret="a secret of the tests",
    )

    @app.get("/reports/{year}")
    @billing.requires("advanced_reports")
    async def report(year: int, heading: Annotated[str, Depends(title)]) -> Report:
        assert billing.user is not None
        return Report(year=year, title=heading, reader=billing.user.email or "")

    @app.get("/blocking/{year}")
    @billing.requires("advanced_reports")
    def blocking_report(year: int, heading: Annotated[str, Depends(title)]) -> Report:
        assert billing.user is not None
        return Report(year=year, title=heading, reader=billing.user.email or "")

    @app.get("/failing")
    @billing.requires("advanced_reports")
    async def failing() -> None:
        raise FileNotFoundError("as it was raised")

    @app.exception_handler(FileNotFoundError)
    async def not_found(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 404)

    @app.websocket("/live")
    @billing.requires("advanced_reports")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()

    class Page(HTTPEndpoint):
        """A class whose method has a gate."""

        @billing.requires("advanced_reports")
        async def get(self, _: Request) -> Response:
            return JSONResponse({"page": "open"})

    app.add_route("/page", Page)

    @app.get("/{anything:path}")
    async def anything(anything: str) -> dict[str, Any]:
        return {"anything": anything}

    return app


@pytest.fixture
def browser(provider: Provider) -> Iterator[httpx.Client]:
    with bind("127.0.0.1", 0) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            serve_asgi(build(base_url, provider), listener),
            httpx.Client(base_url=base_url, headers={"Accept": "text/html"}, timeout=60, verify=NO_TLS) as browser,
        ):
            yield browser


@pytest.mark.parametrize("path", ["/reports", "/blocking"])
def test_parameters_and_dependencies_are_resolved_behind_a_gate(
    browser: httpx.Client, provider: Provider, path: str
) -> None:
    provider.features.add("advanced_reports")
    response = browser.get(f"{path}/2026?prefix=Annual", follow_redirects=True)
    assert response.json() == {"year": 2026, "title": "Annual", "reader": "ada@example.com"}
    assert browser.get(f"{path}/soon").status_code == 422


def test_a_gate_answers_before_the_endpoint_does(browser: httpx.Client) -> None:
    assert browser.get("/reports/2026").status_code == 303
    sign_in(browser)
    assert browser.get("/reports/2026").status_code == 402
    assert browser.get("/blocking/2026").status_code == 402


@pytest.mark.attack(112)
def test_what_an_endpoint_raises_reaches_its_handler(browser: httpx.Client, provider: Provider) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    response = browser.get("/failing")
    assert (response.status_code, response.json()) == (404, {"error": "as it was raised"})
    assert response.headers["cache-control"] == "private, no-store"


def test_the_routes_of_billing_are_found_before_a_route_for_everything(browser: httpx.Client) -> None:
    assert browser.get("/billing/login").status_code == 303
    assert browser.get("/elsewhere").json() == {"anything": "elsewhere"}


@pytest.mark.attack(109)
def test_the_method_of_a_class_has_a_gate(browser: httpx.Client, provider: Provider) -> None:
    assert browser.get("/page").status_code == 303
    provider.features.add("advanced_reports")
    assert browser.get("/page", follow_redirects=True).json() == {"page": "open"}
    assert browser.head("/page").status_code == 200


def test_the_schema_is_that_of_the_endpoint_itself(browser: httpx.Client) -> None:
    document = browser.get("/openapi.json").json()
    names = [parameter["name"] for parameter in document["paths"]["/reports/{year}"]["get"]["parameters"]]
    assert names == ["year", "prefix"]
    assert "/billing/login" not in document["paths"]


async def opened(app: FastAPI, extensions: dict[str, Any]) -> list[dict[str, Any]]:
    """Open the WebSocket as a server does, and return what the application sends."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "websocket",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "headers": [],
        "subprotocols": [],
        "extensions": extensions,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.attack(109)
def test_a_websocket_is_not_opened_for_somebody_signed_out(provider: Provider) -> None:
    app = build("http://127.0.0.1:1", provider)
    assert [message["type"] for message in asyncio.run(opened(app, {}))] == ["websocket.close"]
    answered = asyncio.run(opened(app, {"websocket.http.response": {}}))
    assert (answered[0]["type"], answered[0]["status"]) == ("websocket.http.response.start", 401)
