"""Sessions: somebody stays signed in at this server, in one browser."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.server.domain.visits import Session as Session
from billing_sdk.server.ids import digest_of, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def begin_session(engine: Engine, *, user_id: str) -> str:
    """Begin a session and return its key, which is new each time and stored as a digest only.

    Raises:
        NotFound: there is no such person.
    """
    with engine.begin() as tx:
        tx.users.get(user_id)
        return add_session(tx, engine, user_id)


def add_session(tx: UnitOfWork, engine: Engine, user_id: str) -> str:
    """Store a new session and return its key; those that are over are forgotten by the way."""
    key = new_secret()
    at = engine.now()
    session = Session(user_id, at, at + timedelta(seconds=engine.settings.session_seconds))
    tx.sessions.forget_expired(at=at)
    tx.sessions.add(session, key_digest=digest_of(key))
    tx.audit.record(user_id, "session.begin", user_id, at)
    return key


def find_session(engine: Engine, *, key: str) -> Session | None:
    """Return the session that a key belongs to, while it runs."""
    with engine.read() as tx:
        return tx.sessions.find(digest_of(key), at=engine.now())


def end_session(engine: Engine, *, key: str) -> None:
    """End a session; to end one that is over changes nothing."""
    with engine.begin() as tx:
        tx.sessions.end(digest_of(key))
