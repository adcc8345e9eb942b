"""A usage store by its address."""

from __future__ import annotations

from importlib import import_module

from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.engines import open_engine, reader_of
from billing_sdk.server.storage.schema import migrate
from billing_sdk.server.storage.usage_stores.protocol import UsageStore
from billing_sdk.server.storage.usage_stores.sql import Known
from billing_sdk.server.storage.usage_stores.sql_store import SqlUsageStore

# What needs a package that is not everybody's.
CLICKHOUSE = "billing_sdk.server.storage.usage_stores.clickhouse"


def open_usage_store(url: str, sealer: Sealer) -> UsageStore:
    """Open a usage store by its address, and make its tables where there are none.

    Args:
        url: `sqlite:///usage.db`, `postgresql://user@host/name`, `clickhouse://user:password@host/name`,
            `clickhouses://` for TLS, or `chdb:///directory`. In SQL it is a database with the whole schema, of which
            nothing but usage is used.
        sealer: that of the main database.
    """
    if url.partition("://")[0].partition("+")[0] in ("sqlite", "postgresql"):
        engine = open_engine(url)
        migrate(engine, sealer)
        return SqlUsageStore(engine, reader_of(engine), Known())
    store: UsageStore = import_module(CLICKHOUSE).ClickHouseUsageStore.open(url)
    return store
