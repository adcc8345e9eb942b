"""An empty usage store, of each kind."""

from __future__ import annotations

import pytest

from billing_sdk.server.storage.usage_stores import UsageStore
from tests.clickhouse import emptied


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres), "clickhouse"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of usage store, once for each that there is."""
    kind: str = request.param
    return kind


@pytest.fixture
def store(request: pytest.FixtureRequest, database_kind: str) -> UsageStore:
    """The usage store of a server that has nothing else."""
    if database_kind == "clickhouse":
        return emptied(request.getfixturevalue("clickhouse"))
    found: UsageStore = request.getfixturevalue("engine").database.usage
    return found
