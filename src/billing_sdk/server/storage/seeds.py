"""Seeds: random values that are made once for a database, to derive from them what has to stay the same."""

from __future__ import annotations

from sqlalchemy import Connection, select

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError
from billing_sdk.server.ids import new_secret
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.tables.identity import seeds
from billing_sdk.server.storage.upsert import upsert


class SeedRepository:
    """Keeps seeds, in the transaction of its connection."""

    def __init__(self, connection: Connection, sealer: Sealer, opened: dict[str, Secret]) -> None:
        self._connection = connection
        self._sealer = sealer
        self._opened = opened

    def get(self, name: str) -> Secret:
        """Return a seed that a migration has made; it never changes, so a process reads it once.

        Raises:
            ConfigurationError: it is gone, or does not open.
        """
        if name not in self._opened:
            found = self._connection.execute(select(seeds.c.sealed_value).where(seeds.c.name == name)).scalar()
            if found is None:
                raise ConfigurationError(f"the seed {name} is missing", remedy="Restore the database from a backup.")
            self._opened[name] = self._sealer.open(found, place=_place(name))
        return self._opened[name]

    def has(self, name: str) -> bool:
        """Tell whether a seed was made."""
        return self._connection.execute(select(seeds.c.name).where(seeds.c.name == name)).first() is not None

    def claim(self, name: str) -> Secret:
        """Return the seed with a name, made by whoever asks first; whoever else asks waits until this one is done."""
        # The row is locked by writing it, even where another process has stored it a moment ago.
        values = {"name": name, "sealed_value": self._sealer.seal(Secret(new_secret()), place=_place(name))}
        self._connection.execute(upsert(self._connection, seeds, values, {"name": name}))
        found = select(seeds.c.sealed_value).where(seeds.c.name == name)
        return self._sealer.open(self._connection.execute(found).scalar_one(), place=_place(name))

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many there were."""
        return reseal_column(self._connection, self._sealer, seeds.c.sealed_value, _place)


def _place(name: str) -> str:
    return f"seeds/{name}"
