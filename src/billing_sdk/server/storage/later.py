"""What is written together: one statement for each table, however many rows there are.

`Later` is for tables that only the audit, the outbox and the books read: whatever reads one of them in the same
transaction calls `flush` first, and so does the end of the transaction. `Together` is for the tables that a decision
rests on, and only for a transaction that works for many customers at once: there any other statement has what is due
written before it is sent, so nothing is ever read that is not there yet. A transaction that is undone drops what it
had not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Insert, Table, event, insert

from billing_sdk.server.storage.tables import metadata

Row = Mapping[str, Any]
_Column = tuple[str, Callable[[Any], Any] | None]


class Later:
    """What a transaction has still to write.

    Args:
        connection: the transaction's.
        first: what has to be written before.
    """

    def __init__(self, connection: Connection, first: Later | None = None) -> None:
        self._connection = connection
        self._first = first
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
        if self._first is not None:
            self._first.flush()
        makers, self._makers = self._makers, {}
        for maker in makers:
            maker()
        rows, self._rows = self._rows, {}
        for table in sorted(rows, key=_depth):
            _write(self._connection, table, rows[table])
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


def _write(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add many rows to a table.

    It does what executing the statement with all rows does, without putting each row together anew: of a billing run
    that is a tenth of the time.
    """
    statement, columns = _spelled(connection.dialect, table, tuple(rows[0]))
    values: Sequence[Any]
    if connection.dialect.positional:
        values = [tuple([row[name] if write is None else write(row[name]) for name, write in columns]) for row in rows]
    else:
        values = [{name: row[name] if write is None else write(row[name]) for name, write in columns} for row in rows]
    connection.exec_driver_sql(statement, values)


@cache
def _spelled(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, tuple[_Column, ...]]:
    """Return an insert as a driver takes it, and its columns in their order with what writes their values."""
    order = [column.name for column in table.columns if column.name in names]
    statement = insert(table).inline().compile(dialect=dialect, column_keys=order)
    writers = [table.columns[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order]
    return str(statement), tuple(zip(order, writers, strict=True))


@cache
def _depth(table: Table) -> int:
    """Return the place of a table: what a row refers to is written before it."""
    return metadata.sorted_tables.index(table)
