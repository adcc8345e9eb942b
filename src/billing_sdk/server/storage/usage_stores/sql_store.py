"""A usage store in SQL: the main database, or another one that has the same schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from billing_sdk.server.storage.usage_stores.protocol import UsageLog
from billing_sdk.server.storage.usage_stores.recalled import Known
from billing_sdk.server.storage.usage_stores.sql import SqlUsageLog


class SqlUsageStore:
    """Transactions with nothing but a usage log in them."""

    def __init__(self, engine: Engine, reader: Engine, known: Known) -> None:
        self._engine = engine
        self._reader = reader
        self._known = known

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[UsageLog]:
        """Yield one transaction."""
        with (self._reader if read_only else self._engine).begin() as connection:
            yield SqlUsageLog(connection, self._known)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
