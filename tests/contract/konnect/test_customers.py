"""Customers: whose key it is, what stays while somebody subscribes, and what remains of a deleted one."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.api_tokens import authenticate_program, create_api_token, revoke_api_token
from billing_sdk.server.usecases.assign_plan import assign_plan
from tests.contract.konnect.calling import Door


def named(door: Door, query: str) -> list[str]:
    return [one["id"] for one in door.get(f"/customers?{query}").json()["data"]]


def refusal(door: Door, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = door.send(method, path, **({} if body is None else {"json": body}))
    return answer.status_code, answer.json()["detail"]


def test_a_key_and_a_subject_key_belong_to_one_customer_each(door: Door) -> None:
    made = door.customer(usage_attribution={"subject_keys": ["tenant 7"]})
    status, detail = refusal(door, "POST", "/customers", {"name": "Other", "key": made["key"]})
    assert (status, made["key"] in detail) == (409, True)
    body = {"name": "Other", "key": "another", "usage_attribution": {"subject_keys": ["tenant 7"]}}
    status, detail = refusal(door, "POST", "/customers", body)
    assert (status, "tenant 7" in detail) == (409, True)
    assert named(door, "filter[key]=another") == []


def test_events_find_a_customer_by_its_key_its_id_and_its_subject_keys(door: Door) -> None:
    made = door.customer(usage_attribution={"subject_keys": ["tenant 8"]})
    subjects = [made["key"], made["id"], "tenant 8"]
    with door.engine.read() as tx:
        found = tx.subjects.find_many(subjects)
    assert {one: found[one].customer_id for one in subjects} == dict.fromkeys(
        subjects, id_from_ulid("customer", made["id"])
    )


def test_a_deleted_customer_can_be_read_and_its_keys_are_free(door: Door) -> None:
    made = door.customer(usage_attribution={"subject_keys": ["tenant 9"]})
    path = f"/customers/{made['id']}"
    assert door.send("DELETE", path).status_code == 204
    assert door.send("DELETE", path).status_code == 204
    assert door.get(path).json()["deleted_at"]
    assert refusal(door, "PUT", path, {"name": "Again"})[0] == 410
    assert named(door, f"filter[key]={made['key']}") == []
    again = {"name": "Next", "key": made["key"], "usage_attribution": {"subject_keys": ["tenant 9"]}}
    assert door.made("/customers", again)["id"] != made["id"]


def test_while_somebody_subscribes_the_subject_keys_stay_and_nothing_is_deleted(door: Door) -> None:
    made = door.customer(usage_attribution={"subject_keys": ["tenant 10"]})
    assign_plan(door.engine, customer_id=id_from_ulid("customer", made["id"]), plan_key="team_free")
    path = f"/customers/{made['id']}"
    assert refusal(door, "PUT", path, {"name": "Renamed"})[0] == 409
    kept = {"name": "Renamed", "usage_attribution": {"subject_keys": ["tenant 10"]}}
    assert door.send("PUT", path, json=kept).json()["name"] == "Renamed"
    assert refusal(door, "DELETE", path)[0] == 409
    assert made["id"] in named(door, "filter[plan_key]=team_free")


def test_customers_are_found_by_parts_of_their_names_and_in_order(door: Door) -> None:
    ids = [door.customer(name=f"Zebra {letter}_%")["id"] for letter in "bac"]
    assert named(door, "filter[name][contains]=zebra&sort=name") == [ids[1], ids[0], ids[2]]
    assert named(door, "filter[name][contains]=zebra&sort=created_at desc") == ids[::-1]
    assert named(door, "filter[name][contains]=zebra&page[size]=2&page[number]=2&sort=id") == [ids[2]]
    assert named(door, "filter[name][oeq]=Zebra a_%25,Zebra b_%25") == ids[:2]
    assert named(door, "filter[name][contains]=zebra x_") == []


def test_a_name_may_be_longer_than_that_of_an_organization(door: Door) -> None:
    name = "Long " * 50
    made = door.customer(name=name)
    assert made["name"] == name.strip()
    assert named(door, f"filter[name]={name.strip()}") == [made["id"]]


def test_a_revoked_or_expired_token_opens_nothing(door: Door) -> None:
    made = create_api_token(door.engine, name="job", scopes=["read:billing_customers"])
    assert authenticate_program(door.engine, token=made.secret.reveal()).scopes == {"read:billing_customers"}
    assert made.secret.reveal() not in repr(made)
    revoke_api_token(door.engine, made.token.id)
    with pytest.raises(Unauthenticated):
        authenticate_program(door.engine, token=made.secret.reveal())
    past = create_api_token(door.engine, name="old", expires_at=door.engine.now())
    with pytest.raises(Unauthenticated):
        authenticate_program(door.engine, token=past.secret.reveal())


def test_a_token_without_the_scope_is_refused(door: Door) -> None:
    token = create_api_token(door.engine, name="reader", scopes=["read:billing_plans"]).secret.reveal()
    answer = door.get("/customers", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Permission denied")
