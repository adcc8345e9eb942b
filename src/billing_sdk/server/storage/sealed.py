"""Columns that hold sealed secrets, and how they are sealed anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Connection, select, update

from billing_sdk.server.sealing import Sealer


def reseal_column(connection: Connection, sealer: Sealer, column: Column[Any], place_of: Callable[..., str]) -> int:
    """Seal anew what an older key has sealed, and return how many values there were.

    Args:
        connection: of the transaction to do it in.
        sealer: opens the old values, and seals the new ones.
        column: where the values are; empty ones stay empty.
        place_of: names the place of a value by its row's primary key.
    """
    keys = tuple(column.table.primary_key.columns)
    rows = connection.execute(select(*keys, column).where(column.is_not(None)).with_for_update()).all()
    old = [row for row in rows if not sealer.is_current(row[-1])]
    for *key, sealed in old:
        place = place_of(*key)
        anew = sealer.seal(sealer.open(sealed, place=place), place=place)
        mine = [part == value for part, value in zip(keys, key, strict=True)]
        connection.execute(update(column.table).where(*mine).values({column: anew}))
    return len(old)
