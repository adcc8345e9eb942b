"""Connections: how SQLite and PostgreSQL are opened."""

from __future__ import annotations

import os
import select as waiting
import time
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from billing_sdk.server.storage.compiled import COMPILED
from billing_sdk.server.storage.write_queue import WriteQueue

BUSY_SECONDS = 30
REST_SECONDS = 5.0
READ_ONLY = "billing_read_only"
HAS_TURN = "billing_has_turn"
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # For each connection, 32 MiB at most: the pages that appending usage comes back to.
    "PRAGMA cache_size = -32768",
    # The log is moved into the database 16 MiB at a time, so that pages that change often are written there less often.
    "PRAGMA wal_autocheckpoint = 4096",
)


def open_engine(url: str) -> Engine:
    """Open a database by its address, such as `sqlite:///billing.db` or `postgresql://user@host/name`."""
    parsed = make_url(url)
    return _open_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _open_postgresql(parsed)


def reader_of(engine: Engine) -> Engine:
    """Return the same database for transactions that write nothing, and so wait for nobody."""
    return engine.execution_options(**{READ_ONLY: True})


def _open_sqlite(url: URL) -> Engine:
    is_in_memory = url.database in (None, "", ":memory:")
    if url.database and not is_in_memory:
        _make_private(url.database)
    # All of a database in memory hangs on its one connection.
    pool_size, max_overflow = (1, 0) if is_in_memory else (8, 56)
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=QueuePool,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=max_overflow,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        execution_options={"compiled_cache": COMPILED},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    queue = WriteQueue()
    event.listen(engine, "begin", partial(_begin_sqlite, queue))
    event.listen(engine, "checkin", partial(_end_turn, queue))
    return engine


def _make_private(path: str) -> None:
    """Make a new database's file, for its owner alone; the files beside it get the same mode."""
    # Whatever stands in the way is for SQLite to report when it opens the file.
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def _open_postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,  # an error that is logged shows the statement and not what it stores
        # One for each thread that serves requests; a new one costs the database more than many requests.
        pool_size=40,
        max_overflow=0,
        pool_use_lifo=True,
        execution_options={"compiled_cache": COMPILED},
    )
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", partial(_refuse_broken, engine))
    return engine


def _note_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["returned_at"] = time.monotonic()


def _refuse_broken(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Have a connection replaced that does not work any more, before anybody works with it.

    A server that goes away says so, or closes the connection; the network between may fail without a word. So the
    server is asked only where something has arrived unasked, or after a rest.
    """
    has_rested = time.monotonic() - record.info.get("returned_at", 0.0) > REST_SECONDS
    try:
        if has_rested or _has_word(connection.fileno()):
            engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError("the connection is broken") from error


def _has_word(file_number: int) -> bool:
    arrived = waiting.poll()
    arrived.register(file_number, waiting.POLLIN)
    return bool(arrived.poll(0))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver leaves transactions to us
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(queue: WriteQueue, connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY, False):
        connection.exec_driver_sql("BEGIN")
        return
    # A connection that begins anew before it goes back still has its turn. Other processes are in no queue of ours.
    if not connection.info.get(HAS_TURN):
        connection.info[HAS_TURN] = queue.enter(BUSY_SECONDS)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _end_turn(queue: WriteQueue, _connection: Any, record: ConnectionPoolEntry) -> None:
    if record.info.pop(HAS_TURN, False):
        queue.leave()
