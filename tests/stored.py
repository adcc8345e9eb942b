"""Everything that a database holds, for tests that say that nothing has changed, or that nothing leaks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, make_url, select

from billing_sdk.server.storage.tables import metadata


def rows_of(database_url: str, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of the named tables, or of every table, by the tables' names."""
    url = make_url(database_url)
    reader = create_engine(url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg"))
    try:
        with reader.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for name, table in metadata.tables.items()
                if not names or name in names
            }
    finally:
        reader.dispose()
