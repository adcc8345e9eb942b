"""Signing keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from billing_sdk.server.signing import SigningKey
from billing_sdk.server.storage.tables.oidc import signing_keys


class KeyRepository:
    """Keeps signing keys, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: SigningKey) -> None:
        """Keep a new key."""
        self._connection.execute(
            insert(signing_keys).values(
                kid=key.kid,
                private_pem=key.private_pem,
                created_at=key.created_at,
                activates_at=key.activates_at,
                retires_at=key.retires_at,
            )
        )

    def list(self, *, at: datetime) -> tuple[SigningKey, ...]:
        """Return the keys that have not retired, the one that signs last first."""
        query = (
            select(signing_keys)
            .where(or_(signing_keys.c.retires_at.is_(None), signing_keys.c.retires_at > at))
            .order_by(signing_keys.c.activates_at.desc(), signing_keys.c.kid)
        )
        return tuple(SigningKey(**row) for row in self._connection.execute(query).mappings())

    def retire_others(self, kid: str, *, retires_at: datetime) -> None:
        """Give every key but one an end, unless it has one already."""
        others = (signing_keys.c.kid != kid) & signing_keys.c.retires_at.is_(None)
        self._connection.execute(update(signing_keys).where(others).values(retires_at=retires_at))
