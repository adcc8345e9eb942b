"""Operations of a door: declared apart, made into routes once, when the door is first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute

from billing_sdk.server.web.operations import Door, Operations, asked_often

asked: list[str] = []


def gate() -> None:
    asked.append("gate")


@asked_often
def caller() -> str:
    asked.append("caller")
    return "ada"


operations = Operations(
    prefix="/things", tags=["Things"], dependencies=[Depends(caller)], responses={409: {"description": "it is another"}}
)


@operations.get("/{number}", responses={404: {"description": "no such thing"}})
def show(number: int, who: Annotated[str, Depends(caller)]) -> dict[str, object]:
    """Show a thing."""
    return {"number": number, "who": who}


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def door(made: list[int]) -> Door:
    def routes() -> Iterator[BaseRoute]:
        made.append(1)
        yield from operations.made(
            prefix="/v1", dependencies=[Depends(gate)], responses={401: {"description": "who are you"}}, name_of=name_of
        )

    return Door(operations=routes, title="Things", openapi_url=None)


def name_of(route: APIRoute) -> str:
    return route.name


def get(app: Door, path: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.get(path)

    return asyncio.run(answer())


def test_nothing_is_made_before_the_door_is_asked_and_once_afterwards(door, made):
    assert made == []
    assert get(door, "/v1/things/1").json() == {"number": 1, "who": "ada"}
    assert get(door, "/v1/things/2").json() == {"number": 2, "who": "ada"}
    assert len(door.routes) == 1
    assert made == [1]


def test_the_gates_of_a_door_are_asked_before_what_an_operation_asks_itself(door):
    asked.clear()
    get(door, "/v1/things/1")
    assert asked == ["gate", "caller"]


def test_the_document_has_what_door_and_operations_say(door, made):
    [(path, operation)] = door.openapi()["paths"].items()
    assert made == [1]
    assert path == "/v1/things/{number}"
    assert operation["get"]["tags"] == ["Things"]
    assert operation["get"]["operationId"] == "show"
    assert set(operation["get"]["responses"]) >= {"200", "401", "404", "409"}


def test_the_same_operations_serve_at_two_doors(door):
    other = Door(operations=operations.made, title="Others", openapi_url=None)
    assert get(door, "/v1/things/1").status_code == get(other, "/things/1").status_code == 200
    assert get(other, "/v1/things/1").status_code == 404


def test_the_document_has_the_models_that_operations_refer_to_by_name(door):
    class Refused(BaseModel):
        why: str

    refers = Operations()
    answer = {
        "description": "no",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}},
    }
    refers.get("/x", responses={400: answer})(show)
    document = Door(operations=refers.made, components=[Refused], title="x", openapi_url=None).openapi()
    assert document["components"]["schemas"]["Refused"]["required"] == ["why"]
    assert list(document["components"]["schemas"]) == sorted(document["components"]["schemas"])
    assert document["paths"]["/x"]["get"]["responses"]["400"] == answer
