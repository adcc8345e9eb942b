"""What a database holds: to show that something was refused and nothing written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.engine import Engine


def contents_of(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with engine.database._engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }
