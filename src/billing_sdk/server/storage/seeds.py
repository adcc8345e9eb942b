"""Seeds: random values that are made once for a database, to derive from them what has to stay the same."""

from __future__ import annotations

from sqlalchemy import Connection, select

from billing_sdk.server.ids import new_secret
from billing_sdk.server.storage.tables.identity import seeds
from billing_sdk.server.storage.upsert import upsert


class SeedRepository:
    """Keeps seeds, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, name: str) -> str:
        """Return the seed with a name, made by whoever asks first; whoever else asks waits until this one is done."""
        # The row is locked by writing it, even where another process has stored it a moment ago.
        values = {"name": name, "value": new_secret()}
        self._connection.execute(upsert(self._connection, seeds, values, {"name": name}))
        value: str = self._connection.execute(select(seeds.c.value).where(seeds.c.name == name)).scalar_one()
        return value
