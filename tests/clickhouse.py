"""ClickHouse within the process of the tests."""

from __future__ import annotations

from billing_sdk.server.storage.usage_stores.clickhouse import ClickHouseUsageStore
from billing_sdk.server.storage.usage_stores.clickhouse_schema import CORRECTIONS, EVENTS


def quick_store(url: str) -> ClickHouseUsageStore:
    """Open a store that writes without waiting for the disk: what ends with the tests has no power cut to survive."""
    store = ClickHouseUsageStore.open(url)
    for table in (EVENTS, CORRECTIONS):
        store._client.command(f"ALTER TABLE {table} MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0")
    return store


def emptied(store: ClickHouseUsageStore) -> ClickHouseUsageStore:
    """Return a store without its content: to make tables anew takes longer."""
    for table in (EVENTS, CORRECTIONS):
        store._client.command(f"TRUNCATE TABLE {table}")
    return store
