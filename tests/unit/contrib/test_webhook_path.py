"""The middleware in front of a route: no spelling, mount or method leads an unverified body around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import flask
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client as WsgiClient

from billing_sdk.contrib import flask as for_flask, starlette as for_starlette
from billing_sdk.contrib._claimed_path import ClaimedPath
from billing_sdk.errors import ConfigurationError
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World

JWT = {"content-type": "application/jwt"}
SPELLINGS = [
    "/hooks",
    "/hooks/",
    "//hooks",
    "/hooks//",
    "/HOOKS",
    "/hooks%0a",
    "/hooks%20",
    "/%68ooks",
    "/hooks;a=b",
    "/hooks%2f",
    "/hooks%00",
    "/./hooks",
    "/a/../hooks",
    "/hooks?a=b",
    "/hooks%23",
]


@pytest.fixture
def in_flask() -> FlaskDoor:
    door = FlaskDoor(World())
    blueprint = flask.Blueprint("inner", __name__)

    @blueprint.route("/hooks", methods=["POST", "PUT", "GET"], strict_slashes=False)
    @blueprint.route("/shop/hooks", methods=["POST"])
    def hook() -> str:
        door.world.ran.append("the route")
        return "taken"

    door.app.register_blueprint(blueprint)
    door.app.wsgi_app = for_flask.WebhookMiddleware(door.app.wsgi_app, billing=door.billing, path="/hooks")
    return door


@pytest.fixture
def in_starlette() -> StarletteDoor:
    door = StarletteDoor(World())

    async def hook(_: Request) -> Response:
        door.world.ran.append("the route")
        return PlainTextResponse("taken")

    route = Route("/hooks", hook, methods=["POST", "PUT", "GET"])
    door.app.router.routes += [route, Mount("/shop", routes=[Route("/hooks", hook, methods=["POST"])])]
    door.app.add_middleware(for_starlette.WebhookMiddleware, billing=door.billing, path="/hooks")
    return door


@pytest.fixture(params=["flask", "starlette"])
def door(request: pytest.FixtureRequest) -> FlaskDoor | StarletteDoor:
    """The same route in each framework."""
    found: FlaskDoor | StarletteDoor = request.getfixturevalue(f"in_{request.param}")
    return found


@pytest.mark.attack(92)
@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_its_path_leads_an_unverified_body_to_the_route(
    door: FlaskDoor | StarletteDoor, path: str
) -> None:
    assert door.ask(path, method="POST", headers=JWT)[0] in (400, 404, 307, 308)
    assert door.world.ran == []


@pytest.mark.attack(92, 100)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "PROPFIND"])
def test_the_path_of_a_webhook_is_answered_with_post_only(door: FlaskDoor | StarletteDoor, method: str) -> None:
    status, _, headers = door.ask("/hooks", method=method, headers=JWT)
    assert door.world.ran == []
    assert (status, headers.get("allow")) == ((405, "POST") if method != "post" else (status, headers.get("allow")))


@pytest.mark.attack(92)
def test_a_mount_around_a_flask_application_changes_nothing(in_flask: FlaskDoor) -> None:
    mounted = WsgiClient(DispatcherMiddleware(flask.Flask("outer"), {"/eu": in_flask.app}))
    for path in ("/eu/hooks", "/eu/hooks/", "/eu//hooks"):
        assert mounted.post(path, headers=JWT).status_code in (400, 308)
    assert in_flask.world.ran == []


@pytest.mark.attack(92)
@pytest.mark.parametrize("path", ["/eu/hooks", "/hooks", "/eu/hooks%0a"])
def test_a_mount_around_a_starlette_application_changes_nothing(in_starlette: StarletteDoor, path: str) -> None:
    inner = in_starlette.app
    outer = StarletteDoor(World())
    outer.app.router.routes.append(Mount("/eu", inner))
    in_starlette.app = outer.app
    assert in_starlette.ask(path, method="POST", headers=JWT)[0] in (400, 404)
    assert in_starlette.world.ran == []


@pytest.mark.attack(92)
def test_a_root_path_that_a_proxy_has_taken_off_changes_nothing(in_starlette: StarletteDoor) -> None:
    inner = in_starlette.app

    async def behind_a_proxy(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "root_path": "/api"}, receive, send)

    in_starlette.app = behind_a_proxy  # type: ignore[assignment]
    assert in_starlette.ask("/hooks", method="POST", headers=JWT)[0] == 400
    assert in_starlette.ask("/api/hooks", method="POST", headers=JWT)[0] == 400
    assert in_starlette.world.ran == []


@pytest.mark.attack(92)
@pytest.mark.parametrize(
    ("claimed", "asked", "root"),
    [
        ("/shop/hooks", "/hooks", "/shop"),
        ("/shop/hooks", "/shop/hooks", ""),
        ("/hooks", "/shop/hooks", "/shop"),
        ("/hooks", "/shop//hooks/", "/shop"),
        ("/hooks/", "/hooks", ""),
        ("/Hooks", "/hooks", ""),
    ],
)
def test_a_path_is_claimed_with_and_without_what_it_is_mounted_below(claimed: str, asked: str, root: str) -> None:
    assert ClaimedPath(claimed).covers(asked, root=root)


@pytest.mark.parametrize("asked", ["/", "/hook", "/hooks/1", "/shop/hooks", "/hooks.json"])
def test_every_other_path_is_left_alone(asked: str) -> None:
    assert not ClaimedPath("/hooks").covers(asked)


@pytest.mark.attack(92)
def test_a_route_that_no_middleware_stands_in_front_of_has_no_event(door: FlaskDoor | StarletteDoor) -> None:
    caught: list[ConfigurationError] = []

    def read() -> str:
        try:
            return door.billing.event.id
        except ConfigurationError as error:
            caught.append(error)
            return "nothing"

    if isinstance(door, FlaskDoor):
        door.app.add_url_rule("/others", "others", read, methods=["POST"])
    else:

        async def others(_: Request) -> Response:
            return PlainTextResponse(read())

        door.app.router.routes.append(Route("/others", others, methods=["POST"]))
    assert door.ask("/others", method="POST", headers=JWT)[:2] == (200, "nothing")
    assert "WebhookMiddleware" in caught[0].remedy


StartResponse = Callable[..., Any]


@pytest.mark.attack(94)
@pytest.mark.parametrize("fails", ["at once", "half way", "never"])
def test_a_view_that_fails_half_way_has_not_handled_its_event(fails: str) -> None:
    settled: list[bool] = []
    closed: list[bool] = []

    class Stream:
        """A body that may break off."""

        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            if fails == "half way":
                raise RuntimeError("half way")

        def close(self) -> None:
            closed.append(True)

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if fails == "at once":
            raise RuntimeError("at once")
        start_response("200 OK", [])
        return Stream()

    class Receipt:
        """Notes how it was settled."""

        def settle(self, *, is_handled: bool) -> None:
            settled.append(is_handled)

    door = FlaskDoor(World())
    middleware = for_flask.WebhookMiddleware(app, billing=door.billing, path="/hooks")
    with nullcontext() if fails == "never" else pytest.raises(RuntimeError, match=fails):
        middleware._hand_on({}, lambda *_: None, Receipt())  # type: ignore[arg-type]
    assert settled == [fails == "never"]
    assert closed == ([] if fails == "at once" else [True])
