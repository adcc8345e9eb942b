"""Usage in ClickHouse: on a server, or embedded in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import unquote, urlsplit

from clickhouse_connect import common, get_client
from clickhouse_connect.driver.client import Client

from billing_sdk.server.storage.usage_stores.clickhouse_log import ClickHouseUsageLog
from billing_sdk.server.storage.usage_stores.clickhouse_queries import Queries
from billing_sdk.server.storage.usage_stores.clickhouse_schema import SETTINGS, TABLES
from billing_sdk.server.storage.usage_stores.protocol import UsageLog

EMBEDDED = "chdb"
SECURE = "clickhouses"
DEFAULT_PORTS = {"clickhouse": 8_123, SECURE: 8_443}

# Whoever appends has to be alone from the look for keys to the insert, on every machine.
Alone = Callable[[], AbstractContextManager[None]]


class ClickHouseUsageStore:
    """Usage in ClickHouse; safe to share between threads."""

    def __init__(self, client: Client, alone: Alone) -> None:
        self._client = client
        self._queries = Queries(client)
        self._alone = alone
        for statement in TABLES:
            client.command(statement)

    @classmethod
    def open(cls, url: str, *, alone: Alone | None = None) -> ClickHouseUsageStore:
        """Open a store by its address, and make its tables where there are none.

        Args:
            url: `clickhouse://user:password@host:8123/database`, `clickhouses://` for TLS, or `chdb:///directory`.
            alone: makes whoever appends wait for the one who does; by default one process appends.
        """
        return cls(_client_at(url), alone or ThreadsInTurn().alone)

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[UsageLog]:  # noqa: ARG002 - only who appends ever waits
        """Yield one transaction: what it records is inserted at the end of the block."""
        log = ClickHouseUsageLog(self._queries, self._alone)
        try:
            yield log
            log.commit()
        finally:
            log.end()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


class ThreadsInTurn:
    """Lets the threads of this process append in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other thread appends, and keep them waiting."""
        with self._lock:
            yield


def _client_at(url: str) -> Client:
    parts = urlsplit(url)
    # Nothing here needs a session, and without one any number of threads can share a client.
    common.set_setting("autogenerate_session_id", False)
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
