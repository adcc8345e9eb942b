"""What is refused before the door is reached has the door's shape as well."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from billing_sdk.server.api import stripe
from billing_sdk.server.web.errors import render_error
from billing_sdk.server.web.guards import Guards


async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("nobody expected that")


def asked(path: str, body: bytes = b"") -> httpx.Response:
    """Send a body to guards behind which everything fails."""
    guards = Guards(never, shapes={"/v1/dashboard": render_error, **stripe.shapes()})

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guards), base_url="http://test") as client:
            return await client.post(path, content=body)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "type_"), [("/v1/customers", "invalid_request_error"), ("/v2/billing/cadences", "invalid_request_error")]
)
def test_a_body_that_is_too_large_is_refused_as_clients_read_it(path: str, type_: str | None) -> None:
    told = asked(path, b"x" * 1_100_000)
    error: dict[str, Any] = told.json()["error"]
    assert (told.status_code, error["code"], error.get("type")) == (400, "payload_too_large", type_)
    assert told.headers["request-id"] == told.headers["x-request-id"]


@pytest.mark.parametrize(("path", "type_"), [("/v1/customers", "api_error"), ("/v2/billing/cadences", "api_error")])
def test_what_nobody_expected_is_told_as_clients_read_it(path: str, type_: str | None) -> None:
    told = asked(path)
    assert (told.status_code, told.json()["error"].get("type")) == (500, type_)
    assert "expected" not in told.text


def test_another_door_that_begins_the_same_keeps_its_own_shape() -> None:
    assert asked("/v1/dashboard/billing", b"x" * 1_100_000).json()["status"] == 413
