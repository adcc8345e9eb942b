"""Whose turn it is to append to a usage store that has no locks of its own: one at a time, on every machine.

The main database decides, because every process of the server has it in common. PostgreSQL does so by an advisory lock,
which ends with the process that holds it; beside SQLite in a file there is another such file, whose write lock does.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Engine

from billing_sdk.errors import ServerBusy

Turn = Callable[[], AbstractContextManager[None]]

# Any number that nothing else on the same PostgreSQL server takes an advisory lock on.
APPENDING = 0x7475726E
WAIT_SECONDS = 30
SUFFIX = ".usage-turn"


def turns_at(engine: Engine) -> Turn:
    """Return what lets everybody who shares a main database append in turn."""
    if engine.dialect.name != "sqlite":
        return _in_turn(_AdvisoryLock(engine).held)
    path = engine.url.database
    if not path or path == ":memory:":
        return turns_of_threads()
    return _in_turn(_LockFile(f"{path}{SUFFIX}").held)


def turns_of_threads() -> Turn:
    """Return what lets the threads of this process append in turn."""
    return _in_turn(_nothing_more)


def _in_turn(held: Turn) -> Turn:
    """Let the threads of a process wait here, so that each process waits once."""
    lock = threading.Lock()

    @contextmanager
    def turn() -> Iterator[None]:
        if not lock.acquire(timeout=WAIT_SECONDS):
            raise _busy()
        try:
            with held():
                yield
        finally:
            lock.release()

    return turn


@contextmanager
def _nothing_more() -> Iterator[None]:
    yield


class _AdvisoryLock:
    """A connection beside the pool: whoever has all of the pool's may still wait for a turn."""

    def __init__(self, engine: Engine) -> None:
        self._pool = engine.pool.recreate()
        self._outage = engine.dialect.loaded_dbapi.OperationalError

    @contextmanager
    def held(self) -> Iterator[None]:
        try:
            connection = self._pool.connect()
        except self._outage as error:
            raise _busy() from error
        try:
            try:
                cursor = connection.cursor()
                cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS * 1_000}ms'")
                cursor.execute(f"SELECT pg_advisory_xact_lock({APPENDING})")
            except self._outage as error:
                raise _busy() from error
            yield
        finally:
            connection.detach()  # nobody would close it for us when the server ends
            connection.close()


class _LockFile:
    """The write lock of a file that holds nothing; it goes with the process that has it."""

    def __init__(self, path: str) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise _busy() from error
            yield
        finally:
            connection.close()


def _busy() -> ServerBusy:
    return ServerBusy("usage is being recorded by others for long", remedy="Try again.")
