"""Calls to the Konnect door of an engine, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from billing_sdk.server.api.konnect.application import create_app
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Ingestion
from tests.engines import GOOD_CARD, card

PREFIX = "/v3/openmeter"


class Told(NamedTuple):
    """An answer."""

    status: int
    body: Any

    @property
    def fields(self) -> list[str]:
        """The fields that were refused."""
        return [one["field"] for one in self.body["invalid_parameters"]]


class Door:
    """Sends requests with a token that allows everything."""

    def __init__(self, engine: Engine, app: FastAPI, runner: asyncio.Runner, token: str) -> None:
        self.engine = engine
        self._app = app
        self._runner = runner
        self._headers = {"authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """Send a request."""
        return self._runner.run(self._call(method, path, body, headers))

    def made(self, path: str, body: Any = None, status: int = 201) -> Any:
        """Post something that has to work."""
        told = self.call("POST", path, body)
        assert told.status == status, told.body
        return told.body

    def got(self, path: str) -> Any:
        """Get something that has to be there."""
        told = self.call("GET", path)
        assert told.status == 200, told.body
        return told.body

    async def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Told:
        sent = {} if body is None else {"json": body}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self._serve), base_url=self.engine.settings.base_url, headers=self._headers
        ) as client:
            answer = await client.request(method, path, headers=headers, **sent)
        return Told(answer.status_code, answer.json() if answer.content else None)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["request_id"] = "req_1"
        await self._app(scope, receive, send)


@contextmanager
def door_of(engine: Engine) -> Iterator[Door]:
    """Yield the door of an engine for the length of a `with` block."""
    token = create_api_token(engine, name="tests").secret.reveal()
    with asyncio.Runner() as runner:
        yield Door(engine, create_app(engine, Ingestion(engine), prefix=PREFIX), runner, token)


def metered(engine: Engine, key: str = "api_calls") -> str:
    """Make a metered feature, and return its ULID."""
    return ulid_of(add_feature(engine, key=key, name="API calls", feature_type="metered", unit_name="call").id)


def with_card(door: Door, key: str = "acme") -> Any:
    """Make a customer with a card."""
    customer = door.made("/customers", {"key": key, "name": key.title(), "primary_email": f"{key}@example.com"})
    add_card(door.engine, customer_id=id_from_ulid("customer", customer["id"]), card=card(GOOD_CARD))
    return customer


def fee(amount: str, **more: Any) -> dict[str, Any]:
    """Return the rate card of a fee in advance."""
    usual = {"key": "base", "name": "Base", "billing_cadence": "P1M", "payment_term": "in_advance"}
    return {**usual, "price": {"type": "flat", "amount": amount}, **more}


def usage(feature_id: str, amount: str = "0.01", **more: Any) -> dict[str, Any]:
    """Return the rate card of a price by use."""
    usual = {"key": "api_calls", "name": "API calls", "billing_cadence": "P1M", "feature": {"id": feature_id}}
    return {**usual, "price": {"type": "unit", "amount": amount}, **more}


def phase(*cards: Any, **more: Any) -> dict[str, Any]:
    """Return a phase."""
    return {"key": "default", "name": "Default", "rate_cards": [*cards], **more}


def plan(key: str, *phases: Any, **more: Any) -> dict[str, Any]:
    """Return the body of a plan that is billed by the month."""
    usual = {"key": key, "name": key.title(), "currency": "USD", "billing_cadence": "P1M"}
    return {**usual, "phases": [*phases], **more}


def sold(door: Door, key: str, *phases: Any) -> Any:
    """Make and publish a plan."""
    made = door.made("/plans", plan(key, *phases))
    return door.made(f"/plans/{made['id']}/publish", status=200)
