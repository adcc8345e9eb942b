"""A WebSocket is opened for whoever a gate lets in, and for nobody else: as a function, in a class, by a dependency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from starlette.endpoints import WebSocketEndpoint
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from tests.unit.contrib.doors import StarletteDoor, World

pytestmark = pytest.mark.attack(109)


@pytest.fixture
def door() -> StarletteDoor:
    return StarletteDoor(World())


@pytest.fixture
def api() -> tuple[StarletteDoor, FastAPI]:
    app = FastAPI()
    return StarletteDoor(World(), app), app


def websocket_function(door: StarletteDoor) -> Any:
    @door.billing.requires("reports")
    async def live(websocket: WebSocket) -> None:
        door.world.ran.append("view")
        await websocket.accept()
        await websocket.close()

    return live


def websocket_function_below_a_decorator(door: StarletteDoor) -> Any:
    inner = websocket_function(door)

    async def live(websocket: WebSocket) -> None:
        await inner(websocket)
        door.world.ran.append("the decorator")

    return live


def websocket_class(door: StarletteDoor) -> Any:
    class Live(WebSocketEndpoint):
        """A class with a gate on what opens it."""

        @door.billing.requires("reports")
        async def on_connect(self, websocket: WebSocket) -> None:
            door.world.ran.append("view")
            await websocket.accept()
            await websocket.close()

    return Live


@pytest.mark.parametrize("can_answer", [False, True])
@pytest.mark.parametrize(
    "shape",
    [websocket_function, websocket_function_below_a_decorator, websocket_class],
    ids=lambda shape: shape.__name__,
)
def test_a_websocket_is_not_opened_for_somebody_signed_out(
    door: StarletteDoor, shape: Callable[[StarletteDoor], Any], can_answer: bool
) -> None:
    door.app.router.routes.append(WebSocketRoute("/live", shape(door)))
    first = door.open_websocket("/live", can_answer=can_answer)[0]
    assert first["type"] == ("websocket.http.response.start" if can_answer else "websocket.close")
    assert (first.get("status"), first.get("code")) == ((401, None) if can_answer else (None, 1008))
    assert door.world.ran == []
    assert door.open_websocket("/live", is_ada=True)[0]["type"] == "websocket.accept"
    assert "view" in door.world.ran


def test_a_dependency_with_a_gate_closes_a_websocket(api: tuple[StarletteDoor, FastAPI]) -> None:
    door, app = api
    allowed = door.billing.requires("reports")(lambda: None)

    @app.websocket("/live", dependencies=[Depends(allowed)])
    async def live(websocket: WebSocket) -> None:
        door.world.ran.append("view")
        await websocket.accept()
        await websocket.close()

    assert door.open_websocket("/live")[0]["type"] == "websocket.close"
    assert door.open_websocket("/live", can_answer=True)[0]["status"] == 401
    assert door.world.ran == []
    assert door.open_websocket("/live", is_ada=True)[0]["type"] == "websocket.accept"
