"""How usage is written to SQLite: by the driver itself, many rows with one call."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from billing_sdk.server.storage.usage_stores.writer import (
    CHANGING,
    EVENT_COLUMNS,
    HOUR_COLUMNS,
    EventRow,
    Places,
)

TAKE_PLACES = (
    "UPDATE usage_places SET place = place + ?, token = ?, last_token = token RETURNING place, last_token, indexed"
)
# The keys of events that are there, in an order in which neighbours share pages.
ADD_KEYS_OF = (
    "INSERT INTO usage_keys (source_no, id, number) SELECT source_no, id, number FROM usage_events"
    " WHERE number BETWEEN ? AND ? ORDER BY source_no, id"
)
ADD_KEY = "INSERT OR IGNORE INTO usage_keys (source_no, id, number) VALUES (?, ?, ?)"
FIND_KEY = "SELECT number FROM usage_keys WHERE source_no = ? AND id = ?"
ADD_EVENT = f"INSERT INTO usage_events ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"  # noqa: S608 - names of our own
FIND_HOUR = (
    f"SELECT {', '.join(HOUR_COLUMNS)} FROM usage_hours"  # noqa: S608 - as above
    " WHERE (meter_no, hour, subject_no, dimensions_no) = (?, ?, ?, ?)"
)
LAST_HOUR = "SELECT coalesce(max(number), 0) FROM usage_hours"
ADD_HOUR = f"INSERT INTO usage_hours ({', '.join(HOUR_COLUMNS)}) VALUES ({', '.join('?' * len(HOUR_COLUMNS))})"  # noqa: S608 - as above
UPDATE_HOUR = f"UPDATE usage_hours SET {', '.join(f'{name} = ?' for name in CHANGING)} WHERE number = ?"  # noqa: S608 - as above
# In an order in which neighbours share pages.
INDEX = (
    "INSERT INTO usage_by_hour SELECT hour, subject_no, number FROM usage_events"
    " WHERE number > ? AND number <= ? ORDER BY hour, subject_no, number"
)
INDEXED = "UPDATE usage_places SET indexed = ?"
ADD_VALUE = (
    "INSERT OR IGNORE INTO usage_values (meter_no, hour, subject_no, dimensions_no, value) VALUES (?, ?, ?, ?, ?)"
)


class SqliteWriter:
    """Writes on a connection that has the write lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def take_places(self, count: int, token: int) -> Places:
        """Take places in the order of arrival."""
        [(last, last_token, indexed)] = self._connection.execute(TAKE_PLACES, (count, token)).fetchall()
        return Places(last - count + 1, last, last_token, indexed)

    def add_events(self, rows: Sequence[EventRow]) -> dict[int, int]:
        """Add events with their keys; only where some were there already is it worth a look which."""
        if self._added_as_new(rows):
            return {}
        self._connection.executemany(ADD_KEY, [(row[1], row[2], row[0]) for row in rows])
        found: dict[int, int] = {}
        for row in rows:
            [(there,)] = self._connection.execute(FIND_KEY, row[1:3]).fetchall()
            if there != row[0]:
                found[row[0]] = there
        self._connection.executemany(ADD_EVENT, [row for row in rows if row[0] not in found])
        return found

    def _added_as_new(self, rows: Sequence[EventRow]) -> bool:
        """Add events that nobody has yet the quick way; False where somebody has one, and then nothing is added."""
        execute = self._connection.execute
        execute("SAVEPOINT events_as_new")
        try:
            self._connection.executemany(ADD_EVENT, rows)
            execute(ADD_KEYS_OF, (rows[0][0], rows[-1][0]))
        except sqlite3.IntegrityError:
            execute("ROLLBACK TO events_as_new")
            is_added = False
        else:
            is_added = True
        execute("RELEASE events_as_new")
        return is_added

    def index(self, after: int, last: int) -> None:
        """Let `usage_by_hour` lead to events."""
        self._connection.execute(INDEX, (after, last))
        self._connection.execute(INDEXED, (last,))

    def find_hours(self, keys: Collection[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
        """Return the rows of hours."""
        execute = self._connection.execute
        return [row for key in keys for row in execute(FIND_HOUR, key)]

    def last_hour(self) -> int:
        """Return the highest number of a row of hours."""
        [(number,)] = self._connection.execute(LAST_HOUR).fetchall()
        return int(number)

    def add_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows of hours."""
        self._connection.executemany(ADD_HOUR, rows)

    def update_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Change rows of hours."""
        self._connection.executemany(UPDATE_HOUR, rows)

    def add_values(self, rows: Sequence[tuple[int, int, int, int, str]]) -> None:
        """Add what unique counts have seen."""
        self._connection.executemany(ADD_VALUE, rows)
