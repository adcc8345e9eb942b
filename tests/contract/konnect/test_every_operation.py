"""Every operation that is published: a good call, its answer, and what it refuses, by the published document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing_sdk.server.api.konnect.application import ROUTERS
from tests.contract.konnect.calling import Door
from tests.contract.konnect.every_call import CALLS
from tests.contract.konnect.validation import OPERATIONS, faults_of_answer, faults_of_request

UNKNOWN = "01G65Z755AFWAKHE12NY0CQ9FH"


def served() -> dict[str, str]:
    """Return the paths of the operations that the door has, by their names."""
    return {route.name: route.path for router in ROUTERS for route in router.made()}  # type: ignore[attr-defined]


def test_every_published_operation_is_served_and_has_a_good_call() -> None:
    assert len(OPERATIONS) == 80
    assert OPERATIONS.keys() == CALLS.keys()
    assert OPERATIONS.keys() <= served().keys()


def faults_of_call(door: Door, operation_id: str) -> list[str]:
    """Return what of a good call or of its answer is not as it is published."""
    call = CALLS[operation_id]
    sent = call.of(door)
    asked = faults_of_request(operation_id, sent.path, sent.query, sent.body, sent.media_type)
    headers = {**sent.headers, **({"Content-Type": sent.media_type} if sent.body is not None else {})}
    path = f"{sent.path}?{sent.query}" if sent.query else sent.path
    answer = door.send(OPERATIONS[operation_id]["method"], path, json=sent.body, headers=headers)
    if answer.status_code != call.status:
        return [*asked, answer.text]
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    return asked + faults_of_answer(operation_id, answer.status_code, answer.content, media_type)


@pytest.mark.parametrize("operation_id", sorted(CALLS))
def test_a_good_call_is_answered_as_published(door_of: Callable[[str], Door], operation_id: str) -> None:
    assert faults_of_call(door_of(operation_id), operation_id) == []


@pytest.mark.parametrize("operation_id", sorted(CALLS))
def test_an_operation_is_refused_without_a_token_as_published(
    door_of: Callable[[str], Door], operation_id: str
) -> None:
    door = door_of(operation_id)
    path = served()[operation_id]
    filled = "/".join(UNKNOWN if part.startswith("{") else part for part in path.split("/"))
    answer = door.send(OPERATIONS[operation_id]["method"], filled, headers={"Authorization": "Bearer kpat_none"})
    assert answer.status_code == 401
    assert faults_of_answer(operation_id, 401, answer.content, "application/problem+json") == []
