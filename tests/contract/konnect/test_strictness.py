"""What is sent and does not belong there is refused, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.contract.konnect.calling import Door, Sent
from tests.contract.konnect.every_call import CALLS
from tests.contract.konnect.test_every_operation import served
from tests.contract.konnect.validation import OPERATIONS, faults_of_answer

PATHS = served()
WITH_BODY = sorted(name for name in CALLS if "requestBody" in OPERATIONS[name] and name != "ingest-metering-events")
WITH_ID = sorted(name for name in CALLS if "{" in PATHS[name])
PAGED = sorted(
    name
    for name in CALLS
    if any("PaginationQuery" in one.get("$ref", "") for one in OPERATIONS[name].get("parameters", []))
)


@cache
def good_call(door: Door, operation_id: str) -> Sent:
    """Return a good call, made once for all tests: nothing that is refused changes what it needs."""
    return CALLS[operation_id].of(door)


def faults(door: Door, operation_id: str, path: str, **options: object) -> list[tuple[str, str]]:
    """Return the fields that an operation refuses, each with the rule that it breaks."""
    answer = door.send(OPERATIONS[operation_id]["method"], path, **options)
    assert answer.status_code == 400, answer.text
    assert faults_of_answer(operation_id, 400, answer.content, "application/problem+json") == [], answer.text
    return [(one["field"], one["rule"]) for one in answer.json()["invalid_parameters"]]


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_an_unknown_property_of_a_body_is_refused(door_of: Callable[[str], Door], operation_id: str) -> None:
    door = door_of(operation_id)
    sent = good_call(door, operation_id)
    assert ("surprise", "unknown_property") in faults(door, operation_id, sent.path, json={**sent.body, "surprise": 1})


@pytest.mark.parametrize("operation_id", sorted(CALLS))
def test_an_unknown_query_parameter_is_refused(door_of: Callable[[str], Door], operation_id: str) -> None:
    door = door_of(operation_id)
    sent = good_call(door, operation_id)
    body = {} if sent.body is None else {"json": sent.body, "headers": {"Content-Type": sent.media_type}}
    assert faults(door, operation_id, f"{sent.path}?surprise=1", **body) == [("surprise", "unknown_property")]


@pytest.mark.parametrize("operation_id", WITH_ID)
def test_an_id_of_another_form_is_of_nothing(door_of: Callable[[str], Door], operation_id: str) -> None:
    door = door_of(operation_id)
    sent = good_call(door, operation_id)
    path = "/".join("not-a-ulid" if part.startswith("{") else part for part in PATHS[operation_id].split("/"))
    answer = door.send(OPERATIONS[operation_id]["method"], path, **({} if sent.body is None else {"json": sent.body}))
    assert answer.status_code == 404, answer.text
    assert answer.json()["detail"].startswith("The requested ")


@pytest.mark.parametrize("operation_id", PAGED)
@pytest.mark.parametrize("query", ["page[size]=0", "page[size]=1001", "page[size]=x", "page[offset]=1"])
def test_a_page_that_there_is_not_is_refused(door_of: Callable[[str], Door], operation_id: str, query: str) -> None:
    door = door_of(operation_id)
    sent = good_call(door, operation_id)
    assert faults(door, operation_id, f"{sent.path}?{query}")[0][0] == query.partition("=")[0]


@pytest.mark.parametrize("body", [b"{", b'{"name":"a","name":"b"}', b"\xff", b"[1,2]", b'"text"'])
def test_a_body_that_is_no_object_is_refused_at_once(door: Door, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert faults(door, "create-customer", "/customers", content=body, headers=headers)[0][0] == "body"


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("sort=age", ("sort", "enum")),
        ("sort=name down", ("sort", "enum")),
        ("filter[age]=1", ("filter[age]", "unknown_property")),
        ("filter[name][like]=x", ("filter[name]", "enum")),
        ("filter[billing_profile_id]=x", ("filter[billing_profile_id]", "matches_regex")),
        ("filter[name]=a&filter[name]=b", ("filter[name]", "invalid")),
    ],
)
def test_what_a_list_can_not_be_asked_is_refused(door: Door, query: str, fault: tuple[str, str]) -> None:
    assert faults(door, "list-customers", f"/customers?{query}") == [fault]


def test_everything_that_is_wrong_with_a_body_is_told_at_once(door: Door) -> None:
    body = {"name": "", "labels": {"kong": "x"}, "currency": None, "primary_email": 1}
    assert sorted(faults(door, "create-customer", "/customers", json=body)) == [
        ("currency", "type"),
        ("key", "required"),
        ("labels", "is_label"),
        ("name", "min_length"),
        ("primary_email", "is_string"),
    ]
