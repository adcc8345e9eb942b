"""Which events were handled, on disk: for several processes of one machine."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from billing_sdk.webhooks.seen import KEPT_SECONDS, LEASE_SECONDS

BUSY_SECONDS: Final = 5.0

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS seen_event (
    event_id TEXT PRIMARY KEY,
    is_confirmed INTEGER NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_event_until ON seen_event (until);
"""
# A row that has run out counts as none, so one statement both takes over a lease and starts a new one.
CLAIM: Final = """
INSERT INTO seen_event (event_id, is_confirmed, until) VALUES (:event_id, 0, :until)
ON CONFLICT (event_id) DO UPDATE SET is_confirmed = 0, until = :until WHERE seen_event.until <= :now
"""
CONFIRM: Final = """
INSERT INTO seen_event (event_id, is_confirmed, until) VALUES (:event_id, 1, :until)
ON CONFLICT (event_id) DO UPDATE SET is_confirmed = 1, until = :until
"""


class SqliteSeen:
    """Remembers in a SQLite file that every process of the machine can share.

    Args:
        path: the file; it is made when it is missing.
        lease_seconds: how long a claim lasts.
        kept_seconds: how long a handled event is remembered.
        now: tells seconds since 1970; processes have to agree, so it is the wall clock.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        lease_seconds: float = LEASE_SECONDS,
        kept_seconds: float = KEPT_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = str(path)
        self._lease_seconds = lease_seconds
        self._kept_seconds = kept_seconds
        self._now = now
        self._lock = threading.Lock()
        self._process_id = 0
        self._connection: sqlite3.Connection | None = None
        with self._connected() as connection:
            connection.executescript(SCHEMA)

    def claim(self, event_id: str) -> bool:
        """Return true for exactly one caller, until its lease ends or it is released; false once confirmed."""
        now = self._now()
        with self._connected() as connection:
            values = {"event_id": event_id, "until": now + self._lease_seconds, "now": now}
            return connection.execute(CLAIM, values).rowcount == 1

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled, and forget what was handled long ago."""
        now = self._now()
        with self._connected() as connection:
            connection.execute(CONFIRM, {"event_id": event_id, "until": now + self._kept_seconds})
            connection.execute("DELETE FROM seen_event WHERE until <= ?", (now,))

    def release(self, event_id: str) -> None:
        """Give up a claim, so that the next delivery is handled."""
        with self._connected() as connection:
            connection.execute("DELETE FROM seen_event WHERE event_id = ? AND is_confirmed = 0", (event_id,))

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled."""
        with self._connected() as connection:
            found = connection.execute(
                "SELECT 1 FROM seen_event WHERE event_id = ? AND is_confirmed = 1 AND until > ?",
                (event_id, self._now()),
            )
            return found.fetchone() is not None

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None and self._process_id == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            # A connection must not cross a fork; one of the parent's is left to the parent.
            if self._connection is None or self._process_id != os.getpid():
                self._connection = sqlite3.connect(
                    self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                self._process_id = os.getpid()
            yield self._connection
