"""Sessions in a SQLite file, for several processes on one host and for restarts."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from billing_sdk._strict_json import parse_object
from billing_sdk.auth import SignInTransaction
from billing_sdk.contrib._cookies import key_of
from billing_sdk.contrib._sessions import MOST_SIGN_INS, OUTSTANDING_SIGN_INS, Session, StartedSignIn
from billing_sdk.errors import BillingError, Unreachable

KEPT_SIGN_INS = timedelta(hours=1)
SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (key TEXT PRIMARY KEY, expires_at REAL NOT NULL, content TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
CREATE TABLE IF NOT EXISTS sign_ins (
    state TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    started_at REAL NOT NULL,
    is_taken INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sign_ins_by_browser ON sign_ins (browser, started_at);
CREATE INDEX IF NOT EXISTS sign_ins_by_start ON sign_ins (started_at);
"""
FORGET_EXPIRED = "DELETE FROM sessions WHERE expires_at <= ?"
FORGET_OLD_SIGN_INS = "DELETE FROM sign_ins WHERE started_at <= ?"
# Rows are numbered in the order in which they came, so nothing has to be counted.
FORGET_EARLIEST = "DELETE FROM sign_ins WHERE rowid <= (SELECT max(rowid) FROM sign_ins) - ?"
FORGET_BEYOND_LIMIT = """
DELETE FROM sign_ins WHERE browser = ?1 AND state NOT IN (
    SELECT state FROM sign_ins WHERE browser = ?1 ORDER BY started_at DESC, rowid DESC LIMIT ?2
)
"""


class SqliteSessions:
    """Keeps sessions in a file that only its owner may read, because it holds tokens.

    Args:
        path: of the file; made where there is none.
        timeout_seconds: how long to wait for another process that writes.
        max_sign_ins: beyond this number of unfinished sign-ins the earliest is forgotten.
    """

    def __init__(self, path: str | Path, *, timeout_seconds: float = 5, max_sign_ins: int = MOST_SIGN_INS) -> None:
        self._path = Path(path)
        self._timeout_seconds = timeout_seconds
        self._max_sign_ins = max_sign_ins
        self._local = threading.local()
        # Made by us first: SQLite would make it with whatever the umask leaves open.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)

    def find(self, key: str, at: datetime) -> Session | None:
        """Return a session that has not expired."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT content FROM sessions WHERE key = ? AND expires_at > ?", (key, at.timestamp())
            ).fetchone()
        return None if row is None else read_session(row[0])

    def save(self, key: str, session: Session) -> None:
        """Keep a session, in place of one with this key."""
        with self._connected() as connection, connection:
            connection.execute(FORGET_EXPIRED, (datetime.now(UTC).timestamp(),))
            connection.execute(
                "INSERT OR REPLACE INTO sessions (key, expires_at, content) VALUES (?, ?, ?)",
                (key, session.expires_at.timestamp(), json.dumps(session.write())),
            )

    def replace(self, key: str, old: Session, new: Session | None) -> bool:
        """Keep a session in place of exactly this one, or forget that; return whether it was there."""
        with self._connected() as connection, connection:
            # The lock comes before the look: nobody writes between the two.
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT content FROM sessions WHERE key = ?", (key,)).fetchone()
            if row is None or read_session(row[0]) != old:
                return False
            if new is None:
                connection.execute("DELETE FROM sessions WHERE key = ?", (key,))
            else:
                values = (new.expires_at.timestamp(), json.dumps(new.write()), key)
                connection.execute("UPDATE sessions SET expires_at = ?, content = ? WHERE key = ?", values)
            return True

    def drop(self, key: str) -> None:
        """Forget a session; nothing happens where there is none."""
        with self._connected() as connection, connection:
            connection.execute("DELETE FROM sessions WHERE key = ?", (key,))

    def start_sign_in(self, browser: str, transaction: SignInTransaction) -> None:
        """Keep a started sign-in; beyond 8 in one browser the oldest is forgotten."""
        started_at = transaction.started_at
        content = json.dumps(transaction.write())
        with self._connected() as connection, connection:
            connection.execute(FORGET_OLD_SIGN_INS, ((started_at - KEPT_SIGN_INS).timestamp(),))
            connection.execute(
                "INSERT INTO sign_ins (state, browser, started_at, is_taken, content) VALUES (?, ?, ?, 0, ?)",
                (key_of(transaction.state), browser, started_at.timestamp(), content),
            )
            connection.execute(FORGET_BEYOND_LIMIT, (browser, OUTSTANDING_SIGN_INS))
            connection.execute(FORGET_EARLIEST, (self._max_sign_ins,))

    def take_sign_in(self, browser: str, state: str) -> StartedSignIn | None:
        """Return a sign-in that this browser has started, and mark it as taken."""
        where = (key_of(state), browser)
        with self._connected() as connection, connection:
            # The write comes first: it takes the lock, so that of two callers one sees that the other was there.
            taken = connection.execute(
                "UPDATE sign_ins SET is_taken = 1 WHERE state = ? AND browser = ? AND is_taken = 0", where
            ).rowcount
            row = connection.execute("SELECT content FROM sign_ins WHERE state = ? AND browser = ?", where).fetchone()
        transaction = None if row is None else read_transaction(row[0])
        return None if transaction is None else StartedSignIn(transaction, is_taken=taken == 0)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection; a process that was forked off opens its own.

        Raises:
            Unreachable: another process writes for longer than the timeout, or the disk fails.
        """
        try:
            if getattr(self._local, "process", None) != os.getpid():
                self._local.connection = sqlite3.connect(self._path, timeout=self._timeout_seconds)
                self._local.connection.execute("PRAGMA synchronous = NORMAL")
                self._local.process = os.getpid()
            yield self._local.connection
        except sqlite3.Error as error:
            raise Unreachable("the store of sessions does not answer") from error


def read_session(content: str) -> Session | None:
    """Restore a session; one that another version wrote and this one can't read is as good as none."""
    try:
        return Session.read(parse_object(content))
    except (BillingError, KeyError, TypeError, ValueError):
        return None


def read_transaction(content: str) -> SignInTransaction | None:
    """Restore a started sign-in; an unreadable one is as good as none."""
    try:
        return SignInTransaction.read(parse_object(content))
    except (BillingError, ValueError):
        return None
