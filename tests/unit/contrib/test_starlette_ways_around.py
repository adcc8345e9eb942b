"""In Starlette and FastAPI nothing leads around a gate: no decorator, dependency, class, mount or WebSocket."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from billing_sdk.contrib.starlette import Billing
from billing_sdk.errors import InvalidSetting
from tests.unit.contrib.doors import SECRET, StarletteDoor, World

pytestmark = pytest.mark.attack(109)
Endpoint = Callable[..., Any]


@pytest.fixture
def door() -> StarletteDoor:
    return StarletteDoor(World())


@pytest.fixture
def api() -> tuple[StarletteDoor, FastAPI]:
    app = FastAPI()
    return StarletteDoor(World(), app), app


def plain(door: StarletteDoor) -> Endpoint:
    @door.billing.requires("reports")
    async def view(_: Request) -> Response:
        door.world.ran.append("view")
        return PlainTextResponse("secret")

    return view


def blocking(door: StarletteDoor) -> Endpoint:
    @door.billing.requires("reports")
    def view(_: Request) -> Response:
        door.world.ran.append("view")
        return PlainTextResponse("secret")

    return view


def below_a_decorator_without_wraps(door: StarletteDoor) -> Endpoint:
    inner = plain(door)

    async def view(request: Request) -> Response:
        answer: Response = await inner(request)
        return answer

    return view


def below_a_decorator_that_drops_the_answer(door: StarletteDoor) -> Endpoint:
    inner = plain(door)

    @functools.wraps(inner)
    async def view(request: Request) -> Response:
        await inner(request)
        door.world.ran.append("the decorator")
        return PlainTextResponse("secret")

    return view


def above_a_decorator_that_hides_the_colour(door: StarletteDoor) -> Endpoint:
    async def view(_: Request) -> Response:
        door.world.ran.append("view")
        return PlainTextResponse("secret")

    def audited(request: Request) -> Awaitable[Response]:
        return view(request)

    return door.billing.requires("reports")(audited)


def of_a_partial(door: StarletteDoor) -> Endpoint:
    async def show(what: str, _: Request) -> Response:
        door.world.ran.append("view")
        return PlainTextResponse(what)

    return door.billing.requires("reports")(functools.partial(show, "secret"))


def of_a_bound_method(door: StarletteDoor) -> Endpoint:
    class Reports:
        """Something that shows reports."""

        async def show(self, _: Request) -> Response:
            door.world.ran.append("view")
            return PlainTextResponse("secret")

    return door.billing.requires("reports")(Reports().show)


def of_an_object_that_is_called(door: StarletteDoor) -> Endpoint:
    class Reports:
        """Something that is called."""

        async def __call__(self, _: Request) -> Response:
            door.world.ran.append("view")
            return PlainTextResponse("secret")

    return door.billing.requires("reports")(Reports())


def that_returns_a_stream(door: StarletteDoor) -> Endpoint:
    @door.billing.requires("reports")
    async def view(_: Request) -> Response:
        door.world.ran.append("view")
        return StreamingResponse(iter(["sec", "ret"]))

    return view


def of_a_method_of_a_class(door: StarletteDoor) -> Endpoint:
    class Reports(HTTPEndpoint):
        """A class with a gate on its method."""

        @door.billing.requires("reports")
        async def get(self, _: Request) -> Response:
            door.world.ran.append("view")
            return PlainTextResponse("secret")

    return Reports


def called_by_another_endpoint(door: StarletteDoor) -> Endpoint:
    read = blocking(door)

    async def view(request: Request) -> Response:
        found: Response = await read(request)
        door.world.ran.append("the caller")
        return found

    return view


SHAPES = [
    plain,
    blocking,
    below_a_decorator_without_wraps,
    below_a_decorator_that_drops_the_answer,
    above_a_decorator_that_hides_the_colour,
    of_a_partial,
    of_a_bound_method,
    of_an_object_that_is_called,
    that_returns_a_stream,
    of_a_method_of_a_class,
    called_by_another_endpoint,
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_gate_holds_whatever_it_is_put_on_and_whatever_is_around_it(
    door: StarletteDoor, shape: Callable[[StarletteDoor], Endpoint], method: str
) -> None:
    door.app.router.routes.append(Route("/x", shape(door)))
    status, body, headers = door.ask("/x", method=method)
    assert (status, "secret" in body, door.world.ran) == (401, False, [])
    assert headers["content-type"] == "application/problem+json"
    status, body, _ = door.ask("/x", method=method, is_ada=True)
    assert (status, "view" in door.world.ran) == (200, True)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "POST"])
def test_a_method_that_nobody_wrote_an_endpoint_for_runs_none(door: StarletteDoor, method: str) -> None:
    door.app.router.routes.append(Route("/x", plain(door)))
    assert door.ask("/x", method=method, headers={"X-HTTP-Method-Override": "GET"})[0] == 405
    assert door.world.ran == []


@pytest.mark.parametrize("path", ["//x", "/./x", "/%78", "/X", "/x/", "/x;a", "/x%2f", "/x%00", "/x%0a", "/y/../x"])
def test_no_spelling_of_a_path_leads_around_a_gate(door: StarletteDoor, path: str) -> None:
    door.app.router.routes.append(Route("/x", plain(door)))
    door.ask(path, headers={"Host": "evil.example", "X-Original-URL": "/", "X-Rewrite-URL": "/"})
    assert door.world.ran == []


@pytest.mark.parametrize("mounted", [Starlette, Router, FastAPI], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", [plain, below_a_decorator_that_drops_the_answer], ids=lambda shape: shape.__name__)
def test_a_gate_holds_in_an_application_that_is_mounted(
    door: StarletteDoor, mounted: Any, shape: Callable[[StarletteDoor], Endpoint]
) -> None:
    inner = mounted()
    inner.routes.append(Route("/x", shape(door)))
    door.app.router.routes.append(Mount("/shop", inner))
    assert door.ask("/shop/x")[0] == 401
    assert door.world.ran == []
    assert door.ask("/shop/x", is_ada=True)[:2] == (200, "secret")


def test_a_gate_holds_on_a_whole_application(door: StarletteDoor, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("secret")
    files = door.billing.requires("reports")(StaticFiles(directory=tmp_path))
    door.app.router.routes.append(Mount("/files", files))
    assert door.ask("/files/report.txt")[0] == 401
    status, body, headers = door.ask("/files/report.txt", is_ada=True)
    assert (status, body, headers["cache-control"]) == (200, "secret", "private, no-store")
    assert [message["type"] for message in door.open_websocket("/files/x")] == ["websocket.close"]


def test_a_gate_holds_behind_a_middleware_that_copies_the_request(door: StarletteDoor) -> None:
    async def copied(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        return answer

    door.app.router.routes.append(Route("/x", plain(door), middleware=[]))
    door.app.add_middleware(BaseHTTPMiddleware, dispatch=copied)
    assert door.ask("/x")[0] == 401
    assert door.ask("/x", is_ada=True)[:2] == (200, "secret")


def test_a_dependency_with_a_gate_stops_the_endpoint_that_depends_on_it(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api

    @door.billing.requires("reports")
    def reports() -> str:
        door.world.ran.append("the dependency")
        return "secret"

    @app.get("/value")
    async def value(found: str = Depends(reports)) -> str:
        door.world.ran.append("view")
        return found

    @app.get("/listed", dependencies=[Depends(reports)])
    def listed() -> str:
        door.world.ran.append("view")
        return "secret"

    router = APIRouter(dependencies=[Depends(reports)])
    router.add_api_route("/routed", lambda: "secret")
    app.include_router(router)
    for path in ("/value", "/listed", "/routed"):
        status, body, headers = door.ask(path)
        assert (status, headers["content-type"], "secret" in body) == (401, "application/problem+json", False)
        assert door.world.ran == []
        assert door.ask(path, is_ada=True)[:2] == (200, '"secret"')
        door.world.ran.clear()


def test_a_dependency_on_the_decorator_itself_lets_nobody_in(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api
    app.add_api_route(
        "/x", lambda: "secret", dependencies=[Depends(door.billing.requires("reports"))], methods=["POST"]
    )
    for query in ("", "?view=x"):
        assert door.ask(f"/x{query}", method="POST", is_ada=True)[0] == 422


def test_a_gate_above_the_route_is_refused_when_it_is_made(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api
    with pytest.raises(InvalidSetting, match=r"around the gate of .*view"):

        @door.billing.requires("reports")
        @app.get("/x")
        async def view() -> str:
            return "secret"


def test_a_gate_above_the_route_of_a_router_stops_the_application(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api
    router = APIRouter()

    @door.billing.requires("reports")
    @router.get("/x")
    async def view() -> str:
        door.world.ran.append("view")
        return "secret"

    app.include_router(router, prefix="/inner")
    app.mount("/mounted", Router(routes=[Route("/x", lambda _: PlainTextResponse("x"))]))
    assert door.ask("/inner/x", is_ada=True)[0] == 500
    assert door.world.ran == []


def test_a_gate_above_a_route_that_was_added_late_lets_nothing_out(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api
    router = APIRouter()
    app.include_router(router)
    assert door.ask("/x", is_ada=True)[0] == 404

    async def view() -> str:
        return "secret"

    door.billing.requires("reports")(view)
    router.add_api_route("/x", view)
    status, body, _ = door.ask("/x", is_ada=True)
    assert (status, "secret" in body) == (500, False)


def test_a_gate_above_a_route_that_is_mounted_is_refused(door: StarletteDoor) -> None:
    async def view(_: Request) -> Response:
        return PlainTextResponse("secret")

    door.app.router.routes.append(Mount("/shop", Router(routes=[Route("/x", view)])))
    with pytest.raises(InvalidSetting):
        door.billing.requires("reports")(view)


def test_a_gate_that_was_made_before_its_application_is_checked_with_it(door: StarletteDoor) -> None:
    fresh = Billing(client=door.billing.client, session_secret=SECRET)

    async def view(_: Request) -> Response:
        return PlainTextResponse("secret")

    fresh.requires("reports")(view)
    with pytest.raises(InvalidSetting):
        fresh.init_app(Starlette(routes=[Route("/x", view)]))


@pytest.mark.parametrize("shape", ["class", "classmethod", "staticmethod", "text", "stream", "asynchronous stream"])
def test_what_a_gate_would_not_guard_is_refused_when_it_is_made(door: StarletteDoor, shape: str) -> None:
    def stream() -> Iterator[str]:
        yield "secret"

    async def asynchronous_stream() -> AsyncIterator[str]:
        yield "secret"

    views = {
        "class": World,
        "classmethod": classmethod(lambda _: "secret"),
        "staticmethod": staticmethod(lambda: "secret"),
        "text": "view",
        "stream": stream,
        "asynchronous stream": asynchronous_stream,
    }
    with pytest.raises(InvalidSetting) as caught:
        door.billing.requires("reports")(views[shape])  # type: ignore[type-var]
    assert caught.value.remedy


def test_a_gate_whose_application_was_never_named_lets_nobody_in() -> None:
    other = StarletteDoor(World())
    app = Starlette(routes=[Route("/x", plain(other))])
    other.app = app
    assert other.ask("/x", is_ada=True)[0] == 500
    assert other.world.ran == []
