"""Metered gates against the real server: whoever asks at once, and whatever fails, the limit is used up exactly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import flask
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from billing_sdk.contrib import SignedInUser, _meter
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.conftest import Template
from tests.databases import copy_sqlite
from tests.serving import RunningServer, serving
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World, ada_signs_in
from tests.unit.contrib.making import session

pytestmark = pytest.mark.attack(108)
Door = FlaskDoor | StarletteDoor
CALLERS = 30
NUMBERS = count()
FAILING: Mapping[str, str] = {"x-fail": "yes"}


@pytest.fixture(scope="module")
def server(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with the demo catalogue."""
    path = tmp_path_factory.mktemp("meters") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.fixture
def agreement(server: RunningServer) -> Agreement:
    """Somebody new's agreement for the free plan, which includes 1,000 tokens."""
    user = create_user(server.engine, email=f"meters{next(NUMBERS)}@example.com")
    customer = become_customer(server.engine, user_id=user.id, billing_email=user.email)
    return subscribe(server.engine, customer_id=customer.id, plan_key="free")


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """An event loop for whatever is awaited."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def door(
    request: pytest.FixtureRequest,
    loop: asyncio.Runner,
    server: RunningServer,
    agreement: Agreement,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Door]:
    """An application in each framework with one metered route, where whoever has the agreement is signed in."""
    monkeypatch.setattr(_meter, "LONGEST_WAIT_SECONDS", 60.0)  # however slow the machine is that this runs on
    settings = {
        "issuer": server.base_url,
        "client_id": server.seed.client_id,
        "m2m_client_id": server.seed.m2m_client_id,
        "m2m_client_secret": server.seed.m2m_client_secret,
        "audience": f"{server.base_url}/api",
        "redirect_uri": "https://app.example/billing/callback",
        "deadline_seconds": 60.0,
    }
    door: Door = request.param(World(features=("ai_tokens",)), settings=settings)
    with server.engine.read() as tx:
        user_id = tx.customers.get(agreement.customer_id).user_id
    assert user_id is not None
    somebody = replace(session(), issuer=server.base_url, user=SignedInUser(user_id))
    door.cookie = ada_signs_in(door.billing, door.billing.application.sessions, somebody)
    add_route(door)
    yield door
    if isinstance(door, FlaskDoor):
        door.billing.client.close()
    else:
        loop.run(door.billing.client.close())


def add_route(door: Door) -> None:
    """Add a route that uses a tenth of the limit, and fails where it is told to."""
    gate = door.billing.consumes("ai_tokens", units=100)
    if isinstance(door, FlaskDoor):

        def view() -> str:
            if flask.request.headers.get("x-fail"):
                raise RuntimeError("the view fails")
            return "done"

        door.app.add_url_rule("/use", "use", gate(view))
        return

    async def endpoint(request: Request) -> Response:
        if request.headers.get("x-fail"):
            raise RuntimeError("the view fails")
        return PlainTextResponse("done")

    door.app.router.routes.append(Route("/use", gate(endpoint)))


def ask_at_once(door: Door, loop: asyncio.Runner, *requests: Mapping[str, str]) -> Counter[int]:
    """Send requests, all of them at once, and count the statuses."""
    if isinstance(door, FlaskDoor):
        with ThreadPoolExecutor(len(requests)) as pool:
            answers = list(pool.map(lambda headers: door.ask("/use", is_ada=True, headers=headers), requests))
    else:
        answers = loop.run(ask_in_one_loop(door, requests))
    return Counter(status for status, *_ in answers)


async def ask_in_one_loop(door: StarletteDoor, requests: tuple[Mapping[str, str], ...]) -> list[Any]:
    """Send requests as tasks of one event loop."""
    sent = [{"accept": "application/json", "cookie": door.cookie, **headers} for headers in requests]
    return await asyncio.gather(*(door._ask("/use", "GET", headers) for headers in sent))


def used(server: RunningServer, agreement: Agreement) -> tuple[int, int]:
    """Return what is used, and what is held."""
    at = server.engine.now()
    with server.engine.read() as tx:
        total = tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(at))
        return int(total), int(tx.reservations.held(agreement.id, "ai_tokens", at=at))


def test_of_many_requests_at_once_exactly_as_many_are_served_as_the_limit_allows(
    door: Door, loop: asyncio.Runner, server: RunningServer, agreement: Agreement
) -> None:
    assert ask_at_once(door, loop, *[{}] * CALLERS) == {200: 10, 402: CALLERS - 10}
    assert used(server, agreement) == (1000, 0)


def test_what_failing_views_have_reserved_is_used_by_others(
    door: Door, loop: asyncio.Runner, server: RunningServer, agreement: Agreement
) -> None:
    first = ask_at_once(door, loop, *[FAILING, {}, {}] * 8)
    assert used(server, agreement) == (100 * first[200], 0)
    for _ in range(10 - first[200]):
        assert ask_at_once(door, loop, FAILING) == {500: 1}
        assert ask_at_once(door, loop, {}) == {200: 1}
    assert ask_at_once(door, loop, {}) == {402: 1}
    assert used(server, agreement) == (1000, 0)
