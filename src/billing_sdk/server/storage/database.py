"""A database: how it is opened, brought up to date, and worked with in transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from billing_sdk._secret import Secret
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.engines import open_engine, reader_of
from billing_sdk.server.storage.rights import excessive_rights, missing_rights, supreme_powers
from billing_sdk.server.storage.schema import is_migrated, migrate
from billing_sdk.server.storage.tables import Instant
from billing_sdk.server.storage.unit_of_work import UnitOfWork
from billing_sdk.server.storage.usage_stores import (
    Known,
    LogApart,
    SqlUsageLog,
    SqlUsageStore,
    UsageStore,
    open_usage_store,
    store_number,
    turns_at,
)


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

    def __init__(
        self, engine: Engine, sealer: Sealer, usage: UsageStore | None = None, usage_url: str | None = None
    ) -> None:
        self._engine = engine
        self._sealer = sealer
        self._opened_seeds: dict[str, Secret] = {}
        self._reader = reader_of(engine)
        self._known_usage = Known()
        self._has_usage = usage is None
        self._usage_store_number = store_number(usage_url)
        self.usage: UsageStore = usage or SqlUsageStore(engine, self._reader, self._known_usage)
        # What READ COMMITTED shows is decided for each statement anew, so looking around needs no transaction there.
        looks_without = {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._looker = self._reader.execution_options(**looks_without)

    @classmethod
    def open(cls, url: str, *, sealer: Sealer, usage_url: str | None = None) -> Database:
        """Open a database by its address, such as `sqlite:///billing.db` or `postgresql://user@host/name`.

        Args:
            url: its address.
            sealer: encrypts the secrets that it keeps.
            usage_url: the address of the store where usage is kept; in the database itself by default.
        """
        engine = open_engine(url)
        store = None if usage_url is None else open_usage_store(usage_url, sealer, turns_at(engine))
        return cls(engine, sealer, store, usage_url)

    def open_usage(self, url: str) -> UsageStore:
        """Open another usage store, as the one that this database is opened with."""
        return open_usage_store(url, self._sealer, turns_at(self._engine))

    @property
    def sealer(self) -> Sealer:
        """What encrypts the secrets in it."""
        return self._sealer

    @property
    def keeps_usage_apart(self) -> bool:
        """Whether usage is in a store of its own, which commits before this database does."""
        return not self._has_usage

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
        migrate(self._engine, self._sealer)

    def is_migrated(self) -> bool:
        """Tell whether the schema is the one that this version needs; False also for an empty database."""
        return is_migrated(self._engine)

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

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if not self._has_usage:
            self.usage.close()

    def _work(self, connection: Connection) -> UnitOfWork:
        usage_log = SqlUsageLog(connection, self._known_usage) if self._has_usage else LogApart(self.usage)
        return UnitOfWork(connection, self._sealer, self._opened_seeds, usage_log, self._usage_store_number)
