"""In Flask nothing leads around a gate: not an order of decorators, a kind of view, a method or another caller."""

from __future__ import annotations

import asyncio
import functools
import gc
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from flask.views import MethodView, View
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client as WsgiClient

from billing_sdk.errors import InvalidSetting
from tests.unit.contrib.doors import FlaskDoor, World

pytestmark = pytest.mark.attack(109)


@pytest.fixture
def door() -> FlaskDoor:
    return FlaskDoor(World())


def plain(door: FlaskDoor) -> Any:
    @door.billing.requires("reports")
    def view() -> str:
        door.world.ran.append("view")
        return "secret"

    return view


def below_a_decorator_without_wraps(door: FlaskDoor) -> Any:
    inner = plain(door)

    def view() -> Any:
        return inner()

    return view


def below_a_decorator_that_drops_the_answer(door: FlaskDoor) -> Any:
    inner = plain(door)

    def view() -> str:
        inner()
        door.world.ran.append("the decorator")
        return "secret"

    return view


def above_a_decorator(door: FlaskDoor) -> Any:
    def audited(view: Callable[..., Any]) -> Callable[..., Any]:
        def audit() -> Any:
            return view()

        return audit

    @door.billing.requires("reports")
    @audited
    def view() -> str:
        door.world.ran.append("view")
        return "secret"

    return view


def of_a_partial(door: FlaskDoor) -> Any:
    def show(what: str) -> str:
        door.world.ran.append("view")
        return what

    return door.billing.requires("reports")(functools.partial(show, "secret"))


def of_a_bound_method(door: FlaskDoor) -> Any:
    class Reports:
        """Something that shows reports."""

        def show(self) -> str:
            door.world.ran.append("view")
            return "secret"

    return door.billing.requires("reports")(Reports().show)


def of_an_object_that_is_called(door: FlaskDoor) -> Any:
    class Reports:
        """Something that is called."""

        def __call__(self) -> str:
            door.world.ran.append("view")
            return "secret"

    return door.billing.requires("reports")(Reports())


def of_a_generator(door: FlaskDoor) -> Any:
    @door.billing.requires("reports")
    def view() -> Iterator[str]:
        door.world.ran.append("view")
        yield "sec"
        yield "ret"

    return view


def that_returns_a_stream(door: FlaskDoor) -> Any:
    @door.billing.requires("reports")
    def view() -> flask.Response:
        door.world.ran.append("view")
        return flask.Response(iter(["sec", "ret"]))

    return view


def of_a_class_as_a_view(door: FlaskDoor) -> Any:
    class Reports(View):
        """A class view, whose gate is among its decorators."""

        decorators = [door.billing.requires("reports")]  # noqa: RUF012 - a list is what Flask asks for

        def dispatch_request(self) -> str:
            door.world.ran.append("view")
            return "secret"

    return Reports.as_view("reports")


def of_what_as_view_returns(door: FlaskDoor) -> Any:
    class Reports(MethodView):
        """A class view."""

        def get(self) -> str:
            door.world.ran.append("view")
            return "secret"

    return door.billing.requires("reports")(Reports.as_view("reports"))


def of_a_method_of_a_class(door: FlaskDoor) -> Any:
    class Reports(MethodView):
        """A class view with a gate on its method."""

        @door.billing.requires("reports")
        def get(self) -> str:
            door.world.ran.append("view")
            return "secret"

    return Reports.as_view("reports")


def called_by_another_view(door: FlaskDoor) -> Any:
    read = plain(door)

    def view() -> str:
        report = read()
        door.world.ran.append("the caller")
        return f"{report}"

    return view


SHAPES = [
    plain,
    below_a_decorator_without_wraps,
    below_a_decorator_that_drops_the_answer,
    above_a_decorator,
    of_a_partial,
    of_a_bound_method,
    of_an_object_that_is_called,
    of_a_generator,
    that_returns_a_stream,
    of_a_class_as_a_view,
    of_what_as_view_returns,
    of_a_method_of_a_class,
    called_by_another_view,
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_gate_holds_whatever_it_is_put_on_and_whatever_is_around_it(
    door: FlaskDoor, shape: Callable[[FlaskDoor], Any], method: str
) -> None:
    door.app.add_url_rule("/x", "x", shape(door))
    status, body, _ = door.ask("/x", method=method)
    assert (status, "secret" in body, door.world.ran) == (401, False, [])
    status, body, _ = door.ask("/x", method=method, is_ada=True)
    assert (status, body) == (200, "secret" if method == "GET" else "")
    assert "view" in door.world.ran or method == "HEAD"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_nobody_wrote_a_view_for_runs_no_view(door: FlaskDoor, method: str) -> None:
    door.app.add_url_rule("/x", "x", plain(door))
    door.ask("/x", method=method, headers={"X-HTTP-Method-Override": "GET"})
    assert door.world.ran == []


@pytest.mark.parametrize("path", ["//x", "/./x", "/%78", "/X", "/x/", "/x;a", "/x%2f", "/x%00", "/x%0a", "/y/../x"])
def test_no_spelling_of_a_path_leads_around_a_gate(door: FlaskDoor, path: str) -> None:
    door.app.add_url_rule("/x", "x", plain(door), strict_slashes=False)
    door.ask(path, headers={"Host": "evil.example:x", "X-Original-URL": "/", "X-Rewrite-URL": "/"})
    assert door.world.ran == []


def test_a_gate_holds_in_a_blueprint_and_below_a_mount(door: FlaskDoor) -> None:
    blueprint = flask.Blueprint("inner", __name__, url_prefix="/inner")
    blueprint.add_url_rule("/x", "x", plain(door))
    door.app.register_blueprint(blueprint)
    mounted = WsgiClient(DispatcherMiddleware(flask.Flask("outer"), {"/shop": door.app}))
    assert mounted.get("/shop/inner/x", headers={"accept": "application/json"}).status_code == 401
    assert door.ask("/inner/x")[0] == 401
    assert door.world.ran == []


def test_a_gate_before_every_request_of_a_blueprint_holds(door: FlaskDoor) -> None:
    blueprint = flask.Blueprint("inner", __name__)
    blueprint.add_url_rule("/x", "x", lambda: "secret")
    blueprint.before_request(door.billing.requires("reports")(lambda: None))
    door.app.register_blueprint(blueprint)
    assert door.ask("/x")[0] == 401
    assert door.ask("/x", is_ada=True)[:2] == (200, "secret")


def test_a_gate_above_the_route_is_refused_when_it_is_made(door: FlaskDoor) -> None:
    with pytest.raises(InvalidSetting, match=r"around the gate of .*view"):

        @door.billing.requires("reports")
        @door.app.get("/x")
        def view() -> str:
            return "secret"


def test_a_gate_above_the_route_of_a_blueprint_stops_the_route(door: FlaskDoor) -> None:
    blueprint = flask.Blueprint("inner", __name__)

    @door.billing.requires("reports")
    @blueprint.get("/x")
    def view() -> str:
        door.world.ran.append("view")
        return "secret"

    door.app.register_blueprint(blueprint)
    status, body, _ = door.ask("/x", is_ada=True)
    assert (status, "secret" in body, door.world.ran) == (500, False, [])


def test_a_gate_above_another_gate_and_its_route_is_refused(door: FlaskDoor) -> None:
    with pytest.raises(InvalidSetting):

        @door.billing.requires_plan("pro_monthly")
        @door.app.get("/x")
        @door.billing.requires("reports")
        def view() -> str:
            return "secret"


def test_a_method_that_is_a_route_is_told_from_others_however_often_it_is_taken(door: FlaskDoor) -> None:
    class Reports:
        """Something that shows reports."""

        def show(self) -> str:
            return "secret"

    reports, others = Reports(), Reports()
    door.app.add_url_rule("/others", "others", others.show)
    door.billing.requires("reports")(reports.show)
    door.app.add_url_rule("/x", "x", reports.show)
    assert door.ask("/x", is_ada=True)[0] == 500
    assert door.ask("/others")[:2] == (200, "secret")


@pytest.mark.parametrize("has_slots", [False, True])
def test_a_gate_that_is_made_in_a_request_leaves_nothing_behind(door: FlaskDoor, has_slots: bool) -> None:
    class Slotted:
        """Something that is called, and can't be referred to weakly."""

        __slots__ = ()

        def __call__(self) -> str:
            return "secret"

    @door.app.get("/x")
    def view() -> str:
        shown: str = door.billing.requires("reports")(Slotted() if has_slots else lambda: "secret")()
        return shown

    for _ in range(5):
        assert door.ask("/x", is_ada=True)[:2] == (200, "secret")
    gc.collect()
    assert len(door.billing._gated_views._views) == 0
    assert len(door.billing._gated_views._kept) == (5 if has_slots else 0)


def test_a_gate_that_was_made_before_its_application_is_checked_with_it() -> None:
    door = FlaskDoor(World())
    fresh = type(door.billing)(client=door.billing.client, session_secret="a secret of the tests")
    app = flask.Flask("later")

    @fresh.requires("reports")
    @app.get("/x")
    def view() -> str:
        return "secret"

    with pytest.raises(InvalidSetting):
        fresh.init_app(app)


def test_an_asynchronous_view_stays_one_behind_its_gate(door: FlaskDoor) -> None:
    @door.billing.requires("reports")
    async def view() -> str:
        door.world.ran.append("view")
        return "secret"

    with door.app.test_request_context("/x"), pytest.raises(HTTPException) as refused:
        asyncio.run(view())
    assert refused.value.response is not None
    assert refused.value.response.status_code == 401
    with door.app.test_request_context("/x", headers={"cookie": door.cookie}):
        assert asyncio.run(view()) == "secret"
    assert door.world.ran == ["view"]


@pytest.mark.parametrize("shape", ["class", "classmethod", "staticmethod", "text", "asynchronous stream", "nothing"])
def test_what_a_gate_would_not_guard_is_refused_when_it_is_made(door: FlaskDoor, shape: str) -> None:
    async def stream() -> Any:
        yield "secret"

    views = {
        "class": World,
        "classmethod": classmethod(lambda _: "secret"),
        "staticmethod": staticmethod(lambda: "secret"),
        "text": "view",
        "asynchronous stream": stream,
        "nothing": None,
    }
    with pytest.raises(InvalidSetting) as caught:
        door.billing.requires("reports")(views[shape])  # type: ignore[type-var]
    assert caught.value.remedy


def test_a_gate_without_its_key_is_refused_when_it_is_made(door: FlaskDoor) -> None:
    for gate in (door.billing.requires, door.billing.requires_plan, door.billing.requires_permission):
        with pytest.raises(InvalidSetting):
            gate(lambda: "secret")  # type: ignore[arg-type]


@pytest.mark.attack(112)
def test_what_a_view_raises_is_neither_swallowed_nor_changed(door: FlaskDoor) -> None:
    @door.app.get("/x")
    @door.billing.requires("reports")
    def view() -> str:
        raise FileNotFoundError("as it was raised")

    door.app.register_error_handler(FileNotFoundError, lambda error: (str(error), 404))
    assert door.ask("/x", is_ada=True)[:2] == (404, "as it was raised")


def test_a_handler_for_every_exception_does_not_turn_a_refusal_into_something_else(door: FlaskDoor) -> None:
    door.app.add_url_rule("/x", "x", below_a_decorator_that_drops_the_answer(door))
    door.app.register_error_handler(Exception, lambda _: ("handled", 200))
    assert door.ask("/x")[0] == 401
