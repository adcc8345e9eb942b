"""What is written together: one statement for each table, however many rows there are.

`Later` is for tables that only the audit, the outbox and the books read: whatever reads one of them in the same
transaction calls `flush` first, and so does the end of the transaction. `Together` is for the tables that a decision
rests on, and only for a transaction that works for many customers at once: there any other statement has what is due
written before it is sent, so nothing is ever read that is not there yet. A transaction that is undone drops what it
had not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Insert, Table, event, insert

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
        if rows:
            self._rows.setdefault(table, []).extend(rows)

    def call(self, maker: Callable[[], None]) -> None:
        """Have something called once before anything is written, which may add rows."""
        self._makers[maker] = None

    def flush(self) -> None:
        """Write all that there is: rows first, each table before those that refer to it."""
        makers, self._makers = self._makers, {}
        for maker in makers:
            maker()
        rows, self._rows = self._rows, {}
        for table in sorted(rows, key=_depth):
            self._connection.execute(insertion(table), rows[table])
        runs, self._runs = self._runs, {}
        for statement, values in runs.items():
            self._connection.execute(statement, values)


class Together(Later):
    """What a transaction for many customers has still to write; in any other one everything is written at once."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.is_on = False
        self._is_writing = False

    def begin(self) -> None:
        """Gather from now on what is to be written, until another statement is sent or the transaction ends."""
        if not self.is_on:
            self.is_on = True
            event.listen(self._connection, "before_execute", self._before_statement)

    def insert(self, table: Table, *rows: Row) -> None:
        """Add rows to a table."""
        if self.is_on:
            super().insert(table, *rows)
        elif rows:
            self._connection.execute(insertion(table), rows)

    def run(self, statement: Executable, row: Row) -> None:
        """Have a statement executed with a row's values; none of one transaction may depend on another."""
        if self.is_on:
            self._runs.setdefault(statement, []).append(row)
        else:
            self._connection.execute(statement, row)

    def flush(self) -> None:
        """Write all that there is."""
        if self._is_writing:
            return
        self._is_writing = True
        try:
            super().flush()
        finally:
            self._is_writing = False

    def _before_statement(self, *_statement: Any) -> None:
        self.flush()


@cache
def insertion(table: Table) -> Insert:
    """Return the statement that adds rows to a table."""
    return insert(table)


@cache
def _depth(table: Table) -> int:
    """Return the place of a table: what a row refers to is written before it."""
    return metadata.sorted_tables.index(table)
