"""An empty usage store, of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.storage.usage_stores import UsageStore
from billing_sdk.server.storage.usage_stores.clickhouse import ClickHouseUsageStore
from tests.clickhouse import emptied, quick_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres), "clickhouse"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of usage store, once for each that there is."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseUsageStore]:
    """ClickHouse in this process, which can have one directory at a time."""
    store = quick_store(tmp_path_factory.mktemp("clickhouse"))
    yield store
    store.close()


@pytest.fixture
def store(request: pytest.FixtureRequest, database_kind: str) -> UsageStore:
    """The usage store of a server that has nothing else."""
    if database_kind == "clickhouse":
        return emptied(request.getfixturevalue("clickhouse"))
    found: UsageStore = request.getfixturevalue("engine").database.usage
    return found
