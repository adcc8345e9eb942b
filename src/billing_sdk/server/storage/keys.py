"""Signing keys, their private parts sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from billing_sdk.server.sealing import Sealer
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.tables.oidc import signing_keys

NOT_RETIRED = (
    select(signing_keys)
    .where(or_(signing_keys.c.retires_at.is_(None), signing_keys.c.retires_at > bindparam("at")))
    .order_by(signing_keys.c.activates_at.desc(), signing_keys.c.kid)
)


class KeyRepository:
    """Keeps signing keys, in the transaction of its connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def add(self, key: SigningKey) -> None:
        """Keep a new key."""
        self._connection.execute(
            insert(signing_keys).values(
                kid=key.kid,
                sealed_private_key=self._sealer.seal(key.private_pem, place=_place(key.kid)),
                created_at=key.created_at,
                activates_at=key.activates_at,
                retires_at=key.retires_at,
            )
        )

    def list(self, *, at: datetime) -> tuple[SigningKey, ...]:
        """Return the keys that have not retired, the one that signs last first."""
        return tuple(self._read(row) for row in self._connection.execute(NOT_RETIRED, {"at": at}).mappings())

    def retire_others(self, kid: str, *, retires_at: datetime) -> None:
        """Give every key but one an end, unless it has one already."""
        others = (signing_keys.c.kid != kid) & signing_keys.c.retires_at.is_(None)
        self._connection.execute(update(signing_keys).where(others).values(retires_at=retires_at))

    def keep(self, kid: str) -> None:
        """Take back a key's end."""
        self._connection.execute(update(signing_keys).where(signing_keys.c.kid == kid).values(retires_at=None))

    def remove(self, kid: str) -> None:
        """Forget a key, its private part as well."""
        self._connection.execute(delete(signing_keys).where(signing_keys.c.kid == kid))

    def forget_retired(self, *, at: datetime) -> int:
        """Forget the keys that have retired: nothing they have signed is accepted, so nobody needs them."""
        return self._connection.execute(delete(signing_keys).where(signing_keys.c.retires_at <= at)).rowcount

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many there were."""
        return reseal_column(self._connection, self._sealer, signing_keys.c.sealed_private_key, _place)

    def _read(self, row: RowMapping) -> SigningKey:
        return SigningKey(
            kid=row["kid"],
            private_pem=self._sealer.open(row["sealed_private_key"], place=_place(row["kid"])),
            created_at=row["created_at"],
            activates_at=row["activates_at"],
            retires_at=row["retires_at"],
        )


def _place(kid: str) -> str:
    return f"signing_keys/{kid}"
