"""A usage store by its address."""

from __future__ import annotations

from importlib import import_module
from zlib import crc32

from billing_sdk.errors import ConfigurationError
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.engines import open_engine, reader_of
from billing_sdk.server.storage.schema import migrate
from billing_sdk.server.storage.usage_stores.protocol import UsageStore
from billing_sdk.server.storage.usage_stores.recalled import Known
from billing_sdk.server.storage.usage_stores.sql_store import SqlUsageStore
from billing_sdk.server.storage.usage_stores.turns import Turn

# What needs a package that is not everybody's.
CLICKHOUSE = "billing_sdk.server.storage.usage_stores.clickhouse"


def store_number(url: str | None) -> int:
    """Return what tells a store from others in the main database: 1 for that itself, for which there is no address.

    A password may change, and who connects; the store stays the same.
    """
    if url is None:
        return 1
    scheme, _, rest = url.partition("://")
    return crc32(f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}".encode()) >> 1 | 2


def open_usage_store(url: str, sealer: Sealer, turn: Turn | None = None) -> UsageStore:
    """Open a usage store by its address, and make its tables where there are none.

    Args:
        url: `sqlite:///usage.db`, `postgresql://user@host/name`, `clickhouse://user:password@host/name`,
            `clickhouses://` for TLS, or `chdb:///directory`. In SQL it is a database with the whole schema, of which
            nothing but usage is used.
        sealer: that of the main database.
        turn: for a store that has no locks of its own: makes whoever appends wait for the one who does; by default
            among the threads of this process.

    Raises:
        ConfigurationError: what is needed to reach the store is not installed.
    """
    if url.partition("://")[0].partition("+")[0] in ("sqlite", "postgresql"):
        engine = open_engine(url)
        migrate(engine, sealer)
        return SqlUsageStore(engine, reader_of(engine), Known())
    try:
        store: UsageStore = import_module(CLICKHOUSE).ClickHouseUsageStore.open(url, turn=turn)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"usage in ClickHouse needs {error.name}", remedy="Install billing-sdk[clickhouse]; for chdb:// also chdb."
        ) from error
    return store
