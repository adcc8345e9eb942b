"""What is written together: one statement for each table, however many rows there are.

Whatever reads one of these tables in the same transaction calls `flush` first. The end of the transaction does so,
too, and a transaction that is undone drops what it had not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Insert, Table, insert

from billing_sdk.server.storage.tables import metadata

Row = Mapping[str, Any]


class Later:
    """What a transaction has still to write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[Row]] = {}
        self._runs: dict[Executable, list[Row]] = {}
        self._makers: dict[Callable[[], None], None] = {}

    def insert(self, table: Table, *rows: Row) -> None:
        """Add rows to a table before the transaction ends; all rows of a table name the same columns."""
        self._rows.setdefault(table, []).extend(rows)

    def run(self, statement: Executable, row: Row) -> None:
        """Have a statement executed with a row's values, after all rows are added.

        Those of one statement are executed in one go, so none may depend on another.
        """
        self._runs.setdefault(statement, []).append(row)

    def call(self, maker: Callable[[], None]) -> None:
        """Have something called once before anything is written, which may add rows."""
        self._makers[maker] = None

    def flush(self) -> None:
        """Write all that there is."""
        makers, self._makers = self._makers, {}
        for maker in makers:
            maker()
        rows, self._rows = self._rows, {}
        for table in sorted(rows, key=_depth):
            self._connection.execute(_insertion(table), rows[table])
        runs, self._runs = self._runs, {}
        for statement, values in runs.items():
            self._connection.execute(statement, values)


@cache
def _insertion(table: Table) -> Insert:
    return insert(table)


@cache
def _depth(table: Table) -> int:
    """Return the place of a table: what a row refers to is written before it."""
    return metadata.sorted_tables.index(table)
