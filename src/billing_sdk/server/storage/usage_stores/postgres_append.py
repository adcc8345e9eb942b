"""How usage is written to PostgreSQL: columns as arrays, and events by COPY."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from billing_sdk.server.storage.usage_stores.instants import HOUR, instant_of
from billing_sdk.server.storage.usage_stores.writer import (
    CHANGING,
    EVENT_COLUMNS,
    HOUR_COLUMNS,
    EventRow,
    Places,
)

if TYPE_CHECKING:
    import psycopg  # which is not there where nobody uses PostgreSQL

TAKE_PLACES = (
    "UPDATE usage_places SET place = place + %s, token = %s, last_token = token RETURNING place, last_token, indexed"
)
COPY_KEYS = "COPY usage_keys (source_no, id, number) FROM STDIN"
ADD_KEYS = (
    "INSERT INTO usage_keys (source_no, id, number) SELECT * FROM unnest(%s::int[], %s::text[], %s::bigint[])"
    " ON CONFLICT DO NOTHING"
)
# One after the other, by the index: whoever is to join them may find it quicker to read all keys that there are.
FIND_KEYS = (
    "SELECT wanted.source_no, wanted.id, found.number FROM unnest(%s::int[], %s::text[]) AS wanted (source_no, id)"
    " CROSS JOIN LATERAL (SELECT number FROM usage_keys"
    " WHERE (usage_keys.source_no, usage_keys.id) = (wanted.source_no, wanted.id) LIMIT 1) AS found"
)
COPY_EVENTS = f"COPY usage_events ({', '.join(EVENT_COLUMNS)}) FROM STDIN"
FIND_HOURS = (
    f"SELECT {', '.join(HOUR_COLUMNS)} FROM usage_hours"  # noqa: S608 - names of our own
    " JOIN unnest(%s::int[], %s::int[], %s::int[], %s::int[]) AS wanted (meter_no, hour, subject_no, dimensions_no)"
    " USING (meter_no, hour, subject_no, dimensions_no)"
)
_SERIES = "meter_no, hour, subject_no, dimensions_no"
HOUR_TYPES = ("bigint", *("int",) * 4, *("bigint",) * 3, "text", "text", "boolean")
_COLUMNS = ", ".join(HOUR_COLUMNS)
_ARRAYS = [f"%s::{kind}[]" for kind in HOUR_TYPES]
LAST_HOUR = "SELECT coalesce(max(number), 0) FROM usage_hours"
ADD_HOURS = f"INSERT INTO usage_hours ({_COLUMNS}) SELECT * FROM unnest({', '.join(_ARRAYS)})"  # noqa: S608 - as above
UPDATE_HOURS = (
    f"UPDATE usage_hours SET {', '.join(f'{name} = new.{name}' for name in CHANGING)}"  # noqa: S608 - as above
    f" FROM unnest({', '.join((*_ARRAYS[5:-1], _ARRAYS[0]))}) AS new ({', '.join(CHANGING)}, number)"
    " WHERE usage_hours.number = new.number"
)
# In an order in which neighbours share pages.
INDEX = (
    "INSERT INTO usage_by_hour SELECT hour, subject_no, number FROM usage_events"
    " WHERE number > %s AND number <= %s ORDER BY hour, subject_no, number"
)
INDEXED = "UPDATE usage_places SET indexed = %s"
ADD_VALUES = (
    f"INSERT INTO usage_values ({_SERIES}, value)"  # noqa: S608 - as above
    " SELECT * FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::text[]) ON CONFLICT DO NOTHING"
)
# The backslash first, which the others are written with.
ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
# Fewer keys are told apart and added with one statement, which takes a savepoint less.
WORTH_COPYING = 100
# Whatever counts at another time is in one partition together.
FIRST, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class PostgresWriter:
    """Writes on a connection; whoever takes places locks the row that counts them."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        known_months: set[tuple[int, int]],
        integrity_error: type[Exception],
    ) -> None:
        self._connection = connection
        self._known_months = known_months
        self._integrity_error = integrity_error

    def take_places(self, count: int, token: int) -> Places:
        """Take places in the order of arrival."""
        [(last, last_token, indexed)] = self._connection.execute(TAKE_PLACES, (count, token)).fetchall()
        return Places(last - count + 1, last, last_token, indexed)

    def add_events(self, rows: Sequence[EventRow]) -> dict[int, int]:
        """Add events with their keys, and the partitions of their months where they are not there."""
        taken = self._add_keys(rows)
        new = [row for row in rows if row[0] not in taken] if taken else rows
        if new:
            self._make_partitions({row[5] for row in new})
            self._copy_events(new)
        return taken

    def _add_keys(self, rows: Sequence[EventRow]) -> dict[int, int]:
        """Add keys; only where some were there already is it worth a look which."""
        if len(rows) >= WORTH_COPYING and self._copied_keys(rows):
            return {}
        keys = [(row[1], row[2], row[0]) for row in rows]
        sources, ids, numbers = (list(column) for column in zip(*keys, strict=True))
        if self._connection.execute(ADD_KEYS, (sources, ids, numbers)).rowcount == len(rows):
            return {}
        found = self._connection.execute(FIND_KEYS, (sources, ids)).fetchall()
        there = {(source, id_): number for source, id_, number in found}
        return {number: first for source, id_, number in keys if (first := there[source, id_]) != number}

    def _copied_keys(self, rows: Sequence[EventRow]) -> bool:
        """Add keys that nobody has yet the quick way; False where somebody has one, and then nothing is added."""
        lines = "".join(f"{row[1]}\t{_escaped(row[2])}\t{row[0]}\n" for row in rows)
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor, cursor.copy(COPY_KEYS) as copy:
                copy.write(lines)
        except self._integrity_error:
            return False
        return True

    def _copy_events(self, rows: Sequence[EventRow]) -> None:
        lines = "".join(
            f"{number}\t{source}\t{_escaped(id_)}\t{type_}\t{subject}\t{hour}\t{counted_at}\t{time}\t{recorded_at}"
            f"\t{is_absolute}\t{is_timed}\t\\\\x{fingerprint.hex()}\t{_escaped(data)}\n"
            for (
                number,
                source,
                id_,
                type_,
                subject,
                hour,
                counted_at,
                time,
                recorded_at,
                is_absolute,
                is_timed,
                fingerprint,
                data,
            ) in rows
        )
        with self._connection.cursor() as cursor, cursor.copy(COPY_EVENTS) as copy:
            copy.write(lines)

    def index(self, after: int, last: int) -> None:
        """Let `usage_by_hour` lead to events."""
        self._connection.execute(INDEX, (after, last))
        self._connection.execute(INDEXED, (last,))

    def find_hours(self, keys: Collection[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
        """Return the rows of hours."""
        if not keys:
            return []
        return self._connection.execute(FIND_HOURS, [list(column) for column in zip(*keys, strict=True)]).fetchall()

    def last_hour(self) -> int:
        """Return the highest number of a row of hours."""
        [(number,)] = self._connection.execute(LAST_HOUR).fetchall()
        return int(number)

    def add_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows of hours."""
        if rows:
            *columns, is_reset = (list(column) for column in zip(*rows, strict=True))
            self._connection.execute(ADD_HOURS, [*columns, list(map(bool, is_reset))])

    def update_hours(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Change rows of hours."""
        self._connection.execute(UPDATE_HOURS, [list(column) for column in zip(*rows, strict=True)])

    def add_values(self, rows: Sequence[tuple[int, int, int, int, str]]) -> None:
        """Add what unique counts have seen."""
        if rows:
            self._connection.execute(ADD_VALUES, [list(column) for column in zip(*rows, strict=True)])

    def _make_partitions(self, hours: Collection[int]) -> None:
        months = {(at.year, at.month) for at in (instant_of(hour * HOUR) for hour in hours) if FIRST <= at < END}
        for year, month in sorted(months - self._known_months):
            name = f"usage_events_{year}{month:02}"
            if self._connection.execute("SELECT to_regclass(%s)", (name,)).fetchall() == [(None,)]:
                # Not known yet: it may still be rolled back.
                self._connection.execute("SELECT make_usage_partition(make_date(%s, %s, 1))", (year, month))
            else:
                self._known_months.add((year, month))


def _escaped(text: str) -> str:
    """Return a text as COPY reads it (PostgreSQL documentation, COPY, Text Format)."""
    if text.isprintable() and "\\" not in text:
        return text
    for plain, escaped in ESCAPES:
        text = text.replace(plain, escaped)
    return text
