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

from billing_sdk.errors import Unreachable
from billing_sdk.webhooks.seen import KEPT_SECONDS, LEASE_SECONDS

BUSY_SECONDS: Final = 5.0

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS seen_event (
    event_id TEXT PRIMARY KEY,
    is_confirmed INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    taken_until REAL NOT NULL,
    kept_until REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_event_kept_until ON seen_event (kept_until);
"""
# A row that has run out counts as none, so one statement both takes over a lease and starts a new one.
CLAIM: Final = """
INSERT INTO seen_event (event_id, is_confirmed, attempt, taken_until, kept_until)
VALUES (:event_id, 0, 1, :taken_until, :kept_until)
ON CONFLICT (event_id) DO UPDATE
SET is_confirmed = 0, attempt = seen_event.attempt + 1, taken_until = :taken_until, kept_until = :kept_until
WHERE seen_event.taken_until <= :now
RETURNING attempt
"""
CONFIRM: Final = """
INSERT INTO seen_event (event_id, is_confirmed, attempt, taken_until, kept_until)
VALUES (:event_id, 1, 1, :kept_until, :kept_until)
ON CONFLICT (event_id) DO UPDATE SET is_confirmed = 1, taken_until = :kept_until, kept_until = :kept_until
"""
RELEASE: Final = """
UPDATE seen_event SET taken_until = :now WHERE event_id = :event_id AND attempt = :attempt AND is_confirmed = 0
"""


class SqliteSeen:
    """Remembers in a SQLite file that every process of the machine can share.

    Args:
        path: the file; it is made when it is missing.
        lease_seconds: how long a claim lasts.
        kept_seconds: how long a handled event is remembered.
        timeout_seconds: how long to wait for another process that writes.
        now: tells seconds since 1970; processes have to agree, so it is the wall clock.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        lease_seconds: float = LEASE_SECONDS,
        kept_seconds: float = KEPT_SECONDS,
        timeout_seconds: float = BUSY_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = str(path)
        self._lease_seconds = lease_seconds
        self._kept_seconds = kept_seconds
        self._timeout_seconds = timeout_seconds
        self._now = now
        self._lock = threading.Lock()
        self._process_id = 0
        self._connection: sqlite3.Connection | None = None
        with self._connected() as connection:
            connection.executescript(SCHEMA)

    def claim(self, event_id: str) -> int:
        """Return which attempt this is, or 0 where somebody else has the event, or has handled it."""
        now = self._now()
        values = {
            "event_id": event_id,
            "taken_until": now + self._lease_seconds,
            "kept_until": now + self._kept_seconds,
            "now": now,
        }
        with self._connected() as connection:
            claimed = connection.execute(CLAIM, values).fetchall()
            return int(claimed[0][0]) if claimed else 0

    def confirm(self, event_id: str) -> None:
        """Record that the event was handled, and forget what was handled long ago."""
        now = self._now()
        with self._connected() as connection:
            connection.execute(CONFIRM, {"event_id": event_id, "kept_until": now + self._kept_seconds})
            connection.execute("DELETE FROM seen_event WHERE kept_until <= ?", (now,))

    def release(self, event_id: str, attempt: int) -> None:
        """Give up a claim, so that the next delivery is handled; one that somebody else has taken over stays."""
        with self._connected() as connection:
            connection.execute(RELEASE, {"event_id": event_id, "attempt": attempt, "now": self._now()})

    def is_confirmed(self, event_id: str) -> bool:
        """Return whether the event was handled."""
        with self._connected() as connection:
            found = connection.execute(
                "SELECT 1 FROM seen_event WHERE event_id = ? AND is_confirmed = 1 AND kept_until > ?",
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
        """Lend the connection.

        Raises:
            Unreachable: another process writes for too long, or the disk fails.
        """
        with self._lock:
            try:
                # A connection must not cross a fork; one of the parent's is left to the parent.
                if self._connection is None or self._process_id != os.getpid():
                    self._connection = sqlite3.connect(
                        self._path, timeout=self._timeout_seconds, isolation_level=None, check_same_thread=False
                    )
                    self._process_id = os.getpid()
                yield self._connection
            except sqlite3.Error as error:
                raise Unreachable("the store of handled events does not answer") from error
