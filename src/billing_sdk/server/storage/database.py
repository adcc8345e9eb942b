"""A database: how it is opened, brought up to date, and worked with in transactions."""

from __future__ import annotations

import os
import select as waiting
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache, partial
from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from billing_sdk._secret import Secret
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.rights import excessive_rights, missing_rights, supreme_powers
from billing_sdk.server.storage.tables import Instant
from billing_sdk.server.storage.unit_of_work import UnitOfWork
from billing_sdk.server.storage.usage_stores import Known, SqlUsageLog, SqlUsageStore, UsageStore

BUSY_SECONDS = 30
REST_SECONDS = 5.0
READ_ONLY = "billing_read_only"
# Any number that nothing else on the same PostgreSQL server takes an advisory lock on.
MIGRATION_LOCK = 0x62696C6C


class Transaction:
    """A transaction whose end does not follow the blocks of the program; exactly one of its two ends must be called."""

    def __init__(self, connection: Connection, work: Callable[[Connection], UnitOfWork]) -> None:
        self._connection = connection
        self._transaction = connection.begin()
        self.tx = work(connection)

    def commit(self) -> None:
        """Keep what was done."""
        try:
            self.tx.flush()
            self._transaction.commit()
        finally:
            self._connection.close()

    def roll_back(self) -> None:
        """Undo what was done."""
        self._connection.close()  # which rolls back


class Database:
    """SQLite in a file or in memory, or PostgreSQL; safe to share between threads.

    Transactions on SQLite take the write lock when they begin, so that what was read still holds when it is
    written. On PostgreSQL they are READ COMMITTED, and repositories lock the rows that a decision rests on.
    """

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer
        self._opened_seeds: dict[str, Secret] = {}
        self._known_usage = Known()
        self._reader = engine.execution_options(**{READ_ONLY: True})
        # What READ COMMITTED shows is decided for each statement anew, so looking around needs no transaction there.
        looks_without = {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._looker = self._reader.execution_options(**looks_without)

    @classmethod
    def open(cls, url: str, *, sealer: Sealer) -> Database:
        """Open a database by its address, such as `sqlite:///billing.db` or `postgresql://user@host/name`.

        Args:
            url: its address.
            sealer: encrypts the secrets that it keeps.
        """
        parsed = make_url(url)
        engine = _open_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _open_postgresql(parsed)
        return cls(engine, sealer)

    @property
    def sealer(self) -> Sealer:
        """What encrypts the secrets in it."""
        return self._sealer

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """Yield one transaction: it commits at the end of the block, and rolls back where the block raises.

        Args:
            read_only: it writes nothing, and so waits for nobody.
        """
        with (self._reader if read_only else self._engine).begin() as connection:
            tx = self._work(connection)
            yield tx
            tx.flush()

    @contextmanager
    def look(self) -> Iterator[UnitOfWork]:
        """Yield something to read with, a few rows at a time; what is read does not hold beyond its statement."""
        with self._looker.begin() as connection:
            yield self._work(connection)

    def open_transaction(self) -> Transaction:
        """Return a transaction that lasts until it is told to end."""
        return Transaction(self._engine.connect(), self._work)

    def migrate(self) -> None:
        """Bring the schema up to date; of several processes that start together one does it and the others wait.

        Where it is up to date nothing is tried, so a user who may not change the schema can serve.
        """
        if self.is_migrated():
            return
        with as_file(files("billing_sdk.server.storage") / "migrations") as folder, self._engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config = migration_config(str(folder), connection)
            config.attributes["sealer"] = self._sealer
            command.upgrade(config, "head")

    def is_migrated(self) -> bool:
        """Tell whether the schema is the one that this version needs; False also for an empty database."""
        with self._engine.connect() as connection:
            return frozenset(MigrationContext.configure(connection).get_current_heads()) == _newest()

    def supreme_powers(self) -> tuple[str, ...]:
        """Return what makes this user as good as a superuser, whatever was granted; SQLite knows no users."""
        if self.is_sqlite:
            return ()
        with self._engine.connect() as connection:
            return supreme_powers(connection)

    def examine_rights(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which rights this user lacks, and which are too much; SQLite knows none."""
        if self.is_sqlite:
            return (), ()
        with self._engine.connect() as connection:
            return missing_rights(connection), excessive_rights(connection)

    def now(self) -> datetime:
        """Return the time by the database's own clock."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.now(type_=Instant))).scalar_one()

    @property
    def usage(self) -> UsageStore:
        """Where usage is kept."""
        return SqlUsageStore(self._engine, self._reader, self._known_usage)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _work(self, connection: Connection) -> UnitOfWork:
        usage_log = SqlUsageLog(connection, self._known_usage)
        return UnitOfWork(connection, self._sealer, self._opened_seeds, usage_log)


@cache
def _newest() -> frozenset[str]:
    """Return the revision that the migrations of this version lead to; they are read once."""
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder:
        return frozenset(ScriptDirectory(str(folder)).get_heads())


def migration_config(folder: str, connection: Connection) -> Config:
    """Return what Alembic needs to work on a connection with the migrations that come with this package."""
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


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
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
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
    for pragma in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"):
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")
