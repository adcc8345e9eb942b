"""What holds for every operation of the door, those that will be added tomorrow as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select

from billing_sdk.server.api.stripe.application import V1_ROUTERS, V2_ROUTERS
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.api_tokens import create_api_token, revoke_api_token
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES
from tests.contract.stripe_door.door import Door, new_door

PARAMETER = re.compile(r"\{([a-z_]+)\}")
# Its credential is the token of a session, and its body that of events; it has tests of its own.
STREAM = "/billing/meter_event_stream"
OPERATIONS = [
    (api, method, f"/{api}{route.path}", route)
    for api, routers in (("v1", V1_ROUTERS), ("v2", V2_ROUTERS))
    for router in routers
    for route in router.made()
    if isinstance(route, APIRoute) and route.path != STREAM
    for method in sorted(route.methods)
]
# What no audit of refusals nor of calls is kept in: whatever else is counted is what a request has changed.
KEPT = {"audit_links", "audit_records", "api_tokens", "attempts"}
HOSTILE_IDS = ("%00", "cus_test_%2e%2e%2f" + "a" * 300)
HOSTILE_JSON: tuple[bytes, ...] = (
    b"[]",
    b"{",
    b'{"wrong":{"a":{}}}',
    b'{"metadata":{"a":{"b":"c"}},"type":null,"display_name":null,"customer":null}',
    b'{"currency":"usd","type":{},"display_name":[],"customer":0,"amount":1e40,"name":"x"}',
    b'{"name":"\\ud800"}',
)
HOSTILE_FORMS: tuple[bytes, ...] = (
    b"a[=1",
    b"a[0]=1&a[x]=2",
    b"metadata[a][b]=1",
    b"expand[a]=x",
    b"customer[id]=x&amount=-1&currency=%00",
    b"customer=&amount=&currency=&type=&wrong=",
)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with new_door() as door:
        yield door


def filled(path: str, value: str = "x") -> str:
    """Return a path with a value in the place of each parameter."""
    return PARAMETER.sub(value, path)


def call(door: Door, api: str, method: str, path: str, **headers: str) -> Any:
    """Send a request without a body."""
    return getattr(door, api).call(method, filled(path), b"" if method == "POST" else None, **headers)


def has_shape(told: Any, api: str) -> bool:
    """Tell whether a refusal is as clients read it."""
    if told.status < 400:
        return True
    error = told.body["error"]
    return bool(error["message"]) and ("type" in error or api == "v2") and told.headers["request-id"] == "req_1"


def rows(door: Door) -> dict[str, int]:
    """Return how many rows each table has."""
    with door.engine.read() as tx:
        connection = tx.workspace._connection
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in KEPT
        }


def test_there_are_many_operations() -> None:
    assert len(OPERATIONS) > 80


@pytest.mark.attack(206)
def test_none_is_served_without_a_good_key_whatever_else_is_sent(door: Door) -> None:
    revoked = create_api_token(door.engine, name="gone", prefix="sk")
    revoke_api_token(door.engine, revoked.token.id)
    found = {}
    for place, (api, method, path, _) in enumerate(OPERATIONS):
        key = ("", "Bearer sk_test_nobody", f"Bearer {revoked.secret.reveal()}", "Bearer sk_live_x")[place % 4]
        told = getattr(door, api).call(method, filled(path), b"{" if method == "POST" else None, Authorization=key)
        if told.status != 401:
            found[method, path, key] = told.status
    assert found == {}


@pytest.mark.attack(206)
def test_each_needs_its_scope_and_all_others_together_do_not_open_it(door: Door) -> None:
    keys: dict[str, str] = {}
    found = {}
    for api, method, path, route in OPERATIONS:
        scope = (route.openapi_extra or {}).get("x-scope")
        assert scope in MANAGEMENT_SCOPES, (method, path, scope)
        if scope not in keys:
            others = [one for one in MANAGEMENT_SCOPES if one != scope]
            keys[scope] = create_api_token(door.engine, name=scope, prefix="sk", scopes=others).secret.reveal()
        told = call(door, api, method, path, Authorization=f"Bearer {keys[scope]}")
        if told.status != 403 or scope not in told.body["error"]["message"]:
            found[method, path] = told.status, told.body
    assert found == {}


def test_each_of_v2_needs_a_version_and_each_refuses_nonsense(door: Door) -> None:
    found = {}
    for api, method, path, _ in OPERATIONS:
        told = call(door, api, method, path, Stripe_Version="yesterday")
        if told.refusal[:2] != (400, "invalid_stripe_version"):
            found[method, path] = told.refusal
    assert found == {}


@pytest.mark.attack(206)
def test_none_takes_a_parameter_that_it_does_not_have_nor_a_key_in_the_address(door: Door) -> None:
    found = {}
    for place, (api, method, path, _) in enumerate(OPERATIONS):
        query = ("wrong=1", f"api_key={door.key}", "access_token=x")[place % 3]
        told = getattr(door, api).call(method, f"{filled(path)}?{query}", b"{}" if method == "POST" else None)
        if told.status not in (400, 404) or door.key in str(told.body):
            found[method, path, query] = told.status
    assert found == {}


@pytest.mark.attack(207)
def test_nothing_that_is_sent_in_a_path_or_a_body_is_a_failure_of_the_server_or_changes_anything(door: Door) -> None:
    before = rows(door)
    found = {}
    for api, method, path, _ in OPERATIONS:
        one = getattr(door, api)
        for value in HOSTILE_IDS if PARAMETER.search(path) else ():
            told = one.call(method, filled(path, value), b"{}" if method == "POST" else None)
            if told.status >= 500 or (told.status == 200 and method != "GET") or not has_shape(told, api):
                found[method, path, value] = told.status
        for body in (HOSTILE_JSON if api == "v2" else HOSTILE_FORMS) if method == "POST" else ():
            kind = "application/json" if api == "v2" else "application/x-www-form-urlencoded"
            told = one.call(method, filled(path), body, Content_Type=kind)
            if not 400 <= told.status < 500 or not has_shape(told, api):
                found[method, path, body] = told.status
    assert found == {}
    assert rows(door) == before
