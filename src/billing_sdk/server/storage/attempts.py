"""Attempts, remembered for every process, under the digest of what they were made at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from billing_sdk.server.domain.identity import Attempts
from billing_sdk.server.storage.tables.identity import attempts
from billing_sdk.server.storage.upsert import upsert

FORGOTTEN_AT_ONCE = 100


class AttemptRepository:
    """Keeps attempts, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, subject_digest: str, *, at: datetime) -> Attempts:
        """Return what is remembered, and lock it until the transaction ends: attempts made at once wait in line."""
        values = {"subject_digest": subject_digest, "count": 0, "last_at": at, "blocked_until": None}
        unchanged = {"subject_digest": subject_digest}
        locked = upsert(self._connection, attempts, values, unchanged).returning(
            attempts.c.count, attempts.c.last_at, attempts.c.blocked_until
        )
        return Attempts(*self._connection.execute(locked).one())

    def save(self, subject_digest: str, made: Attempts) -> None:
        """Store what is to be remembered of attempts that are locked."""
        values = {"count": made.count, "last_at": made.last_at, "blocked_until": made.blocked_until}
        self._connection.execute(update(attempts).where(attempts.c.subject_digest == subject_digest).values(values))

    def forget(self, subject_digest: str) -> None:
        """Start counting anew."""
        self._connection.execute(delete(attempts).where(attempts.c.subject_digest == subject_digest))

    def forget_older(self, *, than: datetime) -> None:
        """Remove some of what nobody needs any more; others who do it at the same time take other rows."""
        old = select(attempts.c.subject_digest).where(attempts.c.last_at < than)
        some = old.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
        self._connection.execute(delete(attempts).where(attempts.c.subject_digest.in_(some)))
