"""Fixtures of the contract tests: the real server over a socket, on every database that it supports."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from billing_sdk.server.usecases.engine import Engine
from tests.contract.people import bearer, machine_token, person_token
from tests.engines import engine_on
from tests.serving import RunningServer, serving


@pytest.fixture
def server(database_url: str) -> Iterator[RunningServer]:
    """A running server with the demo catalogue."""
    with serving(database_url) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A plain HTTP client below the server's address, without cookies or tokens."""
    with httpx.Client(base_url=server.base_url, timeout=10) as client:
        yield client


@pytest.fixture
def machine(server: RunningServer) -> Iterator[httpx.Client]:
    """A machine with every scope, below the Management API."""
    headers = bearer(machine_token(server))
    with httpx.Client(base_url=f"{server.base_url}/api/v1", headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def ada(server: RunningServer) -> Iterator[httpx.Client]:
    """Ada, who is on no plan, below the Account API."""
    yield from _person(server, *server.seed.users[0])


@pytest.fixture
def grace(server: RunningServer) -> Iterator[httpx.Client]:
    """Grace, who is on pro_monthly and has a card, below the Account API."""
    yield from _person(server, *server.seed.users[1])


def _person(server: RunningServer, email: str, password: str) -> Iterator[httpx.Client]:
    headers = bearer(person_token(server, email, password))
    with httpx.Client(base_url=f"{server.base_url}/account_api/v1", headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine with the demo catalogue, without its doors, at noon of 31 January 2026."""
    with engine_on(database_url) as opened:
        yield opened
