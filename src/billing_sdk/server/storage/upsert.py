"""Insert, or update what is there: one statement, spelled for each database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False where another one stands in its way, whose transaction has been waited for."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = next(iter(table.primary_key.columns))
    inserted = insert(table).values(**values).on_conflict_do_nothing().returning(key)
    return connection.execute(inserted).first() is not None


def upsert(
    connection: Connection, table: Table, values: Mapping[str, Any], changes: Mapping[str, Any]
) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that makes `changes` instead where a row with the primary key exists already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return (
        insert(table)
        .values(**values)
        .on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=dict(changes))
    )
