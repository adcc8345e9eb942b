"""Metered gates: units are reserved before a view runs, counted where it delivers, and given back where it does not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import flask
import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from billing_sdk.contrib import ALLOW, Stale, flask as for_flask, starlette as for_starlette
from billing_sdk.errors import InvalidSetting, MissingSetting
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World
from tests.unit.contrib.ledger import Ledger, refused

pytestmark = pytest.mark.attack(108)
Door = FlaskDoor | StarletteDoor
HTML = {"accept": "text/html"}
UNREACHABLE = httpx.ConnectError("nobody listens")


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def door(request: pytest.FixtureRequest) -> Door:
    """An application in each framework, with Ada whose plan includes tokens."""
    found: Door = request.param(World(features=("tokens",)))
    return found


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A billing server with ten tokens left."""
    with Ledger().listening() as ledger:
        yield ledger


def add(door: Door, path: str = "/use", *, answers: Any = 200, **options: Any) -> None:
    """Add a metered route whose view answers with a status, or raises."""
    gate = door.billing.consumes("tokens", **{"units": 4, **options})

    def outcome() -> int:
        door.world.ran.append(path)
        if isinstance(answers, Exception):
            raise answers
        return int(answers)

    if isinstance(door, FlaskDoor):
        door.app.add_url_rule(path, path, gate(lambda: flask.Response("done", outcome())), methods=["GET", "POST"])
        return

    async def endpoint(_: Request) -> Response:
        return Response("done", outcome())

    door.app.router.routes.append(Route(path, gate(endpoint), methods=["GET", "POST"]))


def test_units_are_set_aside_before_the_view_runs_and_counted_when_it_has_answered(door: Door, ledger: Ledger) -> None:
    add(door)
    status, body, headers = door.ask("/use", is_ada=True)
    assert (status, body) == (200, "done")
    assert ledger.told == ["reserve", "commit r1"]
    assert ledger.asked == [{"billing_feature_code": "tokens", "meter_value": "4", "user_id": "kp_ada"}]
    assert headers["cache-control"] == "private, no-store"


def test_the_view_does_not_run_where_the_limit_leaves_no_room(door: Door, ledger: Ledger) -> None:
    add(door)
    assert [door.ask("/use", is_ada=True)[0] for _ in range(3)] == [200, 200, 402]
    assert (len(door.world.ran), ledger.used, ledger.held) == (2, 8, {})
    told = json.loads(door.ask("/use", is_ada=True)[1])
    assert (told["code"], told["limit"], told["used"], told["asked"]) == ("limit_reached", 10, "8", "4")
    assert told["upgrade_url"] == "https://app.example/billing/portal?sub_nav=plan_selection"
    status, page, _ = door.ask("/use", is_ada=True, headers=HTML)
    assert (status, "/billing/portal?sub_nav=plan_selection" in page) == (402, True)
    assert door.billing.counts["gate_denied"] == 3


def test_a_gate_can_ask_for_units_that_credit_pays_for(door: Door, ledger: Ledger) -> None:
    facts = {"feature": "tokens", "asked": "4", "currency": "USD", "missing_minor": 5, "available_minor": 15}
    ledger.refusals["reserve"] = [refused(402, "CREDIT_EXHAUSTED", **facts)]
    add(door, requires_credit=True)
    status, body, _ = door.ask("/use", is_ada=True)
    told = json.loads(body)
    assert (status, told["code"], told["missing_minor"], told["available_minor"]) == (402, "credit_exhausted", 5, 15)
    assert told["upgrade_url"] == "https://app.example/billing/portal?sub_nav=plan_selection"
    assert (ledger.asked[0]["requires_credit"], door.world.ran) == (True, [])
    assert door.ask("/use", is_ada=True)[0] == 200


def test_whoever_is_signed_out_or_lacks_the_feature_costs_no_reservation(door: Door, ledger: Ledger) -> None:
    add(door)
    assert door.ask("/use")[0] == 401
    assert door.ask("/use", headers=HTML)[0] == 303
    door.world.features = ("reports",)
    status, body, _ = door.ask("/use", is_ada=True)
    assert (status, json.loads(body)["code"]) == (402, "payment_required")
    assert (ledger.told, door.world.ran) == ([], [])


@pytest.mark.parametrize("answers", [400, 404, 429, 500, 503, ValueError("a bug"), HTTPException(404)], ids=str)
def test_units_come_back_where_the_view_has_delivered_nothing(door: Door, ledger: Ledger, answers: Any) -> None:
    add(door, answers=answers)
    if isinstance(door, FlaskDoor):
        door.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert all(door.ask("/use", is_ada=True)[0] >= 400 for _ in range(4))
    assert (len(door.world.ran), ledger.used, ledger.held) == (4, 0, {})


@pytest.mark.parametrize("answers", [200, 201, 204, 302, 304])
def test_units_count_where_the_view_has_answered(door: Door, ledger: Ledger, answers: int) -> None:
    add(door, answers=answers)
    door.ask("/use", is_ada=True)
    assert (ledger.used, ledger.held) == (4, {})


@pytest.mark.parametrize(
    "silence", [UNREACHABLE, refused(503, "SERVER_BUSY"), refused(500, "SERVER_FAULT"), refused(429, "RATE_LIMITED")]
)
def test_a_server_that_can_not_be_asked_keeps_the_gate_shut_unless_it_was_told_otherwise(
    door: Door, ledger: Ledger, caplog: pytest.LogCaptureFixture, silence: Any
) -> None:
    add(door, "/shut")
    add(door, "/open", when_unreachable=ALLOW)
    ledger.refusals["reserve"] = [silence] * 2
    status, body, headers = door.ask("/shut", is_ada=True)
    assert (status, json.loads(body)["code"], headers["retry-after"]) == (503, "unreachable", "5")
    assert door.world.ran == []
    with caplog.at_level(logging.WARNING, "billing_sdk.contrib"):
        assert door.ask("/open", is_ada=True)[0] == 200
    assert "let in unchecked" in caplog.text
    assert door.billing.counts["gate_let_in_unchecked"] == 1
    assert (ledger.used, ledger.held) == (0, {}), "what was let in unchecked is not counted"


def test_nobody_waits_for_a_server_that_did_not_answer_a_moment_ago(door: Door, ledger: Ledger) -> None:
    add(door)
    ledger.refusals["reserve"] = [UNREACHABLE]
    assert [door.ask("/use", is_ada=True)[0] for _ in range(5)] == [503] * 5
    assert ledger.told == ["reserve"]


@pytest.mark.parametrize("refusal", [(401, "UNAUTHENTICATED"), (403, "FORBIDDEN"), (404, "UNKNOWN_FEATURE")], ids=str)
def test_a_server_that_refuses_to_count_lets_nobody_in(door: Door, ledger: Ledger, refusal: tuple[int, str]) -> None:
    add(door, when_unreachable=ALLOW)
    ledger.refusals["reserve"] = [refused(*refusal)] * 2
    assert door.ask("/use", is_ada=True)[0] == 503
    assert door.world.ran == []


def test_a_commit_without_an_answer_is_said_once_more(door: Door, ledger: Ledger) -> None:
    add(door)
    ledger.refusals["commit"] = [httpx.ReadError("cut off")]
    assert door.ask("/use", is_ada=True)[0] == 200
    assert (ledger.told, ledger.used) == (["reserve", "commit r1", "commit r1"], 4)


def test_whoever_was_served_keeps_the_answer_where_it_can_not_be_counted(door: Door, ledger: Ledger) -> None:
    add(door)
    add(door, "/broken", answers=500)
    ledger.refusals = {"commit": [UNREACHABLE] * 2, "release": [refused(403, "FORBIDDEN")]}
    assert door.ask("/use", is_ada=True)[:2] == (200, "done")
    assert door.ask("/broken", is_ada=True)[0] == 500
    assert (door.billing.counts["usage_not_counted"], door.billing.counts["usage_not_released"]) == (1, 1)


def test_a_gate_without_machine_credentials_is_refused_when_it_is_made(door: Door) -> None:
    kind: Any = for_flask if isinstance(door, FlaskDoor) else for_starlette
    settings = {
        "issuer": "https://billing.example",
        "client_id": "x",
        "redirect_uri": "https://app.example/billing/callback",
        "session_secret": "a secret of the tests",
    }
    app = flask.Flask("other") if isinstance(door, FlaskDoor) else type(door.app)()
    with pytest.raises(MissingSetting, match="BILLING_M2M_CLIENT_ID"):
        kind.Billing(app, **settings).consumes("tokens")
    later = kind.Billing(**settings)
    later.consumes("tokens")
    with pytest.raises(MissingSetting, match="BILLING_M2M_CLIENT_ID"):
        later.init_app(flask.Flask("later") if isinstance(door, FlaskDoor) else type(door.app)())


@pytest.mark.parametrize(
    "options",
    [
        {"units": 0},
        {"units": -1},
        {"units": True},
        {"units": 1.5},
        {"units": "5"},
        {"units": 10**20},
        {"units": Decimal("NaN")},
        {"units": Decimal("1e-13")},
        {"when_unreachable": Stale(60)},
        {"when_unreachable": "allow"},
        {"feature": "two words"},
    ],
    ids=str,
)
def test_a_slip_in_a_metered_gate_is_refused_when_it_is_made(door: Door, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        door.billing.consumes(**{"feature": "tokens", **options})


def test_what_can_not_be_gated_can_not_be_metered_either(door: Door) -> None:
    async def stream() -> Any:
        yield b"x"

    for view in (type("View", (), {}), stream, None):
        with pytest.raises(InvalidSetting):
            door.billing.consumes("tokens")(view)


@pytest.mark.parametrize(
    ("returned", "used"),
    [
        ("text", 4),
        ({"a": "dictionary"}, 4),
        (("text", 201), 4),
        (("text", {"X-A": "b"}), 4),
        (("text", 404), 0),
        (("text", 500, {"X-A": "b"}), 0),
        (("text", "503 Busy"), 0),
        ((flask.Response("x", 500), {"X-A": "b"}), 0),
        ((flask.Response("x", 500), 200), 4),
    ],
    ids=str,
)
def test_the_status_of_whatever_flask_takes_for_an_answer_is_known(ledger: Ledger, returned: Any, used: int) -> None:
    door = FlaskDoor(World(features=("tokens",)))
    door.app.add_url_rule("/use", "use", door.billing.consumes("tokens", units=4)(lambda: returned))
    door.ask("/use", is_ada=True)
    assert (ledger.used, ledger.held) == (used, {})


def test_an_awaited_view_of_flask_is_metered_alike(ledger: Ledger) -> None:
    door = FlaskDoor(World(features=("tokens",)))
    door.app.async_to_sync = lambda view: lambda *args, **kwargs: asyncio.run(view(*args, **kwargs))
    statuses = [200, 500, 200]

    @door.billing.consumes("tokens", units=4)
    async def view() -> tuple[str, int]:
        return "done", statuses.pop(0)

    door.app.add_url_rule("/use", "use", view)
    assert [door.ask("/use", is_ada=True)[0] for _ in range(4)] == [200, 500, 200, 402]


@pytest.mark.parametrize(("status", "used"), [(None, 4), (201, 4), (404, 0), (500, 0)], ids=str)
def test_an_endpoint_of_fastapi_is_metered_by_the_status_that_it_sets(
    ledger: Ledger, status: int | None, used: int
) -> None:
    door = StarletteDoor(World(features=("tokens",)), FastAPI())
    assert isinstance(door.app, FastAPI)

    @door.app.get("/use/{number}")
    @door.billing.consumes("tokens", units=4)
    def view(number: int, response: Response) -> dict[str, int]:
        if status is not None:
            response.status_code = status
        return {"number": number}

    assert door.ask("/use/7", is_ada=True)[:2] == (status or 200, '{"number":7}')
    assert (ledger.used, ledger.held) == (used, {})


def test_what_a_gate_further_in_refuses_gives_the_units_back(door: Door, ledger: Ledger) -> None:
    consumes, requires = door.billing.consumes("tokens", units=4), door.billing.requires("reports")
    if isinstance(door, FlaskDoor):
        door.app.add_url_rule("/use", "use", consumes(requires(lambda: "done")))
    else:

        async def endpoint(_: Request) -> Response:
            return Response("done")

        door.app.router.routes.append(Route("/use", consumes(requires(endpoint))))
    assert door.ask("/use", is_ada=True)[0] == 402
    assert (ledger.told, ledger.held) == (["reserve", "release r1"], {})


def test_a_stream_counts_when_the_view_has_returned_it(ledger: Ledger) -> None:
    door = StarletteDoor(World(features=("tokens",)))
    seen: list[int] = []

    async def chunks() -> Any:
        seen.append(ledger.used)
        yield b"done"

    async def view(_: Request) -> Response:
        return StreamingResponse(chunks())

    door.app.router.routes.append(Route("/use", door.billing.consumes("tokens", units=4)(view)))
    assert door.ask("/use", is_ada=True)[:2] == (200, "done")
    assert seen == [4]


@pytest.mark.parametrize(("status", "used"), [(200, 4), (500, 0)])
def test_a_mounted_application_is_metered_by_what_it_sends(ledger: Ledger, status: int, used: int) -> None:
    door = StarletteDoor(World(features=("tokens",)))
    door.app.router.routes.append(Mount("/use", door.billing.consumes("tokens", units=4)(Response("x", status))))
    assert door.ask("/use/", is_ada=True)[0] == status
    assert (ledger.used, ledger.held) == (used, {})


def test_whoever_leaves_a_websocket_has_had_what_was_sent(ledger: Ledger) -> None:
    door = StarletteDoor(World(features=("tokens",)))

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    door.app.router.routes.append(WebSocketRoute("/live", door.billing.consumes("tokens", units=4)(live)))
    with pytest.raises(WebSocketDisconnect):
        door.open_websocket("/live", is_ada=True)
    assert (ledger.used, ledger.held) == (4, {})


def test_a_request_that_is_cancelled_gives_its_units_back(ledger: Ledger) -> None:
    door = StarletteDoor(World(features=("tokens",)))
    started = asyncio.Event()

    async def slow(_: Request) -> Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    door.app.router.routes.append(Route("/use", door.billing.consumes("tokens", units=4)(slow)))

    async def leave() -> None:
        task = asyncio.create_task(door._ask("/use", "GET", {"cookie": door.cookie}))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert (ledger.told, ledger.held) == (["reserve", "release r1"], {})
