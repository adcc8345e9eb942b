"""A journal on this machine's disk: usage that can't be told to the billing server now is told later, and once.

It owns nothing but order and durability. What is written is on disk before `append` returns, survives the process, and
stays until somebody says that it was delivered. Delivering is not its business, nor is telling one event twice: what
reads a journal may die between the delivery and `done`, and so may send an event again. An event carries its own
`source` and `id`, by which a server counts it once.

Events are about usage; a journal is no place for tokens or passwords. Its file is for its owner alone all the same.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final

from billing_sdk._strict_json import parse_object
from billing_sdk.errors import InvalidSetting, JournalFull, Unreachable

LOG = logging.getLogger("billing_sdk.journal")
PAGE_BYTES: Final = 4_096  # SQLite's own choice
SMALLEST_BYTES: Final = 65_536
READ_AT_ONCE: Final = 500
# What a usage buffer keeps.
USAGE_EVENTS: Final = "usage_events"
# AUTOINCREMENT: a number that was done is never given to another event, which somebody else would then take for done.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, event TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS journal_by_stream ON journal (stream);
"""


class Journal:
    """Events that wait on disk; any number of threads and processes may share one file.

    A file has streams, each with a name: whoever reads one sees, and gives up, nothing of the others. So a usage
    buffer and the gates may keep what they have in the same file, of which each understands its own.

    Args:
        path: of the file; made where there is none, for its owner only.
        max_bytes: how large it gets, all streams together; what comes then is refused, and what is in it stays.
        timeout_seconds: how long to wait for another process that writes.
        stream: which one is written and read; usage events by default.

    Raises:
        InvalidSetting: the bound is too small to hold anything.
        Unreachable: the file can't be opened, or is not a journal.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        max_bytes: int = 67_108_864,
        timeout_seconds: float = 5,
        stream: str = USAGE_EVENTS,
    ) -> None:
        if max_bytes < SMALLEST_BYTES:
            raise InvalidSetting(f"a journal takes {SMALLEST_BYTES:,} bytes at least, not {max_bytes!r}")
        self.path = Path(path)
        self.stream = stream
        self._max_pages = max_bytes // PAGE_BYTES
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()
        try:
            # Made by us first: SQLite would make it with whatever the umask leaves open.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        except OSError as error:
            raise Unreachable(f"the journal can't be opened: {error.strerror}") from error
        with self._connected() as connection:
            connection.executescript(SCHEMA)

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r}, stream={self.stream!r})"

    def of(self, stream: str) -> Journal:
        """Return the same journal, of which another stream is written and read."""
        other = copy(self)
        other.stream = stream
        return other

    def append(self, event: Mapping[str, Any]) -> int:
        """Write an event, and return its number; it is on disk then.

        Raises:
            JournalFull: as `append_many`.
            Unreachable: as `append_many`.
        """
        return self.append_many([event])[0]

    def append_many(self, events: Iterable[Mapping[str, Any]]) -> list[int]:
        """Write events in one go, all of them or none, and return their numbers in order.

        Raises:
            JournalFull: there is no room for them, in the journal or on the disk.
            Unreachable: the file can't be written, or another process writes for longer than the timeout.
        """
        # Before anything is written: what is no JSON has to leave no trace.
        rows = [json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for event in events]
        with self._connected() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            return [
                connection.execute(
                    "INSERT INTO journal (stream, event) VALUES (?, ?) RETURNING number", (self.stream, row)
                ).fetchone()[0]
                for row in rows
            ]

    def pending(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield what is not delivered yet with its number, oldest first.

        What is written meanwhile may come as well. An event that can't be read any more is logged, and dropped.

        Raises:
            Unreachable: the file can't be read.
        """
        last = 0
        while rows := self._after(last):
            for number, text in rows:
                last = number
                try:
                    event = parse_object(text)
                except ValueError:
                    LOG.exception("event %d of %r can't be read, and is dropped", number, self)
                    self.done(number)
                else:
                    yield number, event

    def done(self, *numbers: int) -> None:
        """Forget events that were delivered, or can't ever be; a number that is not there changes nothing.

        Raises:
            Unreachable: the file can't be written.
        """
        with self._connected() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "DELETE FROM journal WHERE number = ? AND stream = ?", [(number, self.stream) for number in numbers]
            )

    def __len__(self) -> int:
        """Return how many events wait."""
        with self._connected() as connection:
            query = "SELECT count(*) FROM journal WHERE stream = ?"
            count: int = connection.execute(query, (self.stream,)).fetchone()[0]
        return count

    def __bool__(self) -> bool:
        """Whether there is a journal, which is so for one that is empty."""
        return True

    def _after(self, number: int) -> list[tuple[int, str]]:
        query = "SELECT number, event FROM journal WHERE stream = ? AND number > ? ORDER BY number LIMIT ?"
        with self._connected() as connection:
            return connection.execute(query, (self.stream, number, READ_AT_ONCE)).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection; a process that was forked off opens its own."""
        try:
            if getattr(self._local, "process", None) != os.getpid():
                self._local.connection = self._open()
                self._local.process = os.getpid()
            yield self._local.connection
        except sqlite3.Error as error:
            if error.sqlite_errorname == "SQLITE_FULL":
                raise JournalFull(f"there is no room for more in {str(self.path)!r}") from error
            raise Unreachable("the journal does not answer") from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._timeout_seconds, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        # On disk when it is said to be, whatever happens to the machine then.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA max_page_count = {self._max_pages:d}")
        return connection
