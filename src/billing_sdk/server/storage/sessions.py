"""Sign-in sessions, found by the digest of their key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from billing_sdk.server.domain.visits import Session
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.visits import sessions


class SessionRepository:
    """Keeps sessions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session, *, key_digest: str) -> None:
        """Store a new session."""
        self._connection.execute(insert(sessions).values(key_digest=key_digest, **row_of(session)))

    def find(self, key_digest: str, *, at: datetime) -> Session | None:
        """Return a session that is still running."""
        query = select(sessions.c.user_id, sessions.c.authenticated_at, sessions.c.expires_at).where(
            sessions.c.key_digest == key_digest, sessions.c.expires_at > at
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Session(**row)

    def hold(self, key_digest: str, *, at: datetime) -> bool:
        """Tell whether a session is still running; if so, nobody ends it before this transaction does."""
        running = (sessions.c.key_digest == key_digest) & (sessions.c.expires_at > at)
        held = select(sessions.c.key_digest).where(running).with_for_update(read=True, key_share=True)
        return self._connection.execute(held).first() is not None

    def end(self, key_digest: str) -> None:
        """End a session, if it is there."""
        self._connection.execute(delete(sessions).where(sessions.c.key_digest == key_digest))

    def end_all_of(self, user_id: str) -> None:
        """End every session of a person."""
        self._connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def forget_expired(self, *, at: datetime) -> None:
        """Remove what is over."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
