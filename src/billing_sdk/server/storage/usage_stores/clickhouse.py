"""Usage in ClickHouse: on a server, or embedded in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from clickhouse_connect import common, get_client
from clickhouse_connect.driver.client import Client

from billing_sdk.errors import ConfigurationError
from billing_sdk.server.storage.usage_stores.clickhouse_log import ClickHouseUsageLog
from billing_sdk.server.storage.usage_stores.clickhouse_queries import Queries, reaching
from billing_sdk.server.storage.usage_stores.clickhouse_schema import SETTINGS, TABLES
from billing_sdk.server.storage.usage_stores.protocol import UsageLog
from billing_sdk.server.storage.usage_stores.turns import Turn, turns_of_threads

EMBEDDED = "chdb"
SECURE = "clickhouses"
DEFAULT_PORTS = {"clickhouse": 8_123, SECURE: 8_443}


class ClickHouseUsageStore:
    """Usage in ClickHouse; safe to share between threads."""

    def __init__(self, client: Client, turn: Turn) -> None:
        self._client = client
        self._queries = Queries(client)
        self._turn = turn
        with reaching():
            for statement in TABLES:
                client.command(statement)

    @classmethod
    def open(cls, url: str, *, turn: Turn | None = None) -> ClickHouseUsageStore:
        """Open a store by its address, and make its tables where there are none.

        Args:
            url: `clickhouse://user:password@host:8123/database`, `clickhouses://` for TLS, or `chdb:///directory`.
            turn: whoever appends is alone from the look for keys to the insert; by default in this process.
        """
        with reaching():
            client = _client_at(url)
        return cls(client, turn or turns_of_threads())

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[UsageLog]:  # noqa: ARG002 - only who appends ever waits
        """Yield one transaction: what it records is inserted at the end of the block."""
        log = ClickHouseUsageLog(self._queries, self._turn)
        try:
            yield log
            log.commit()
        finally:
            log.end()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def _client_at(url: str) -> Client:
    parts = urlsplit(url)
    # Nothing here needs a session, and without one any number of threads can share a client.
    common.set_setting("autogenerate_session_id", False)
    if parts.scheme == EMBEDDED and (parts.netloc or not parts.path.strip("/")):
        raise ConfigurationError("usage in ClickHouse within this process is in a directory, chdb:///...")
    if parts.scheme == EMBEDDED:
        os.makedirs(parts.path, mode=0o700, exist_ok=True)
        return get_client(dsn=f"{EMBEDDED}://{parts.path}", settings=SETTINGS)
    return get_client(
        host=parts.hostname or "localhost",
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        interface="https" if parts.scheme == SECURE else "http",
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "default",
        settings=SETTINGS,
        form_encode_query_params=True,
    )
