"""Fixtures of tests that only read, or that make what they change: one server for a module, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.api.operations import Operation, operations
from tests.contract.conftest import Template
from tests.contract.people import bearer, machine_token
from tests.databases import copy_sqlite
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with the demo catalogue, for the tests of a module."""
    path = tmp_path_factory.mktemp("api") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A plain HTTP client below the server's address, without cookies or tokens."""
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def machine(server: RunningServer) -> Iterator[httpx.Client]:
    """A machine with every scope, below the Management API."""
    headers = bearer(machine_token(server))
    with httpx.Client(base_url=f"{server.base_url}/api/v1", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def management(http: httpx.Client) -> list[Operation]:
    """Every operation of the Management API."""
    found = operations(http, "/api")
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def account(http: httpx.Client) -> list[Operation]:
    """Every operation of the Account API."""
    found = operations(http, "/account_api")
    assert len(found) > 5
    return found
