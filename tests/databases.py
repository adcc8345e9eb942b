"""Databases for tests: files, and databases of a PostgreSQL server that lives as long as the tests."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from billing_sdk.server.sealing_keys import FILE_SUFFIX, sealer_for
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database

# A server that ends with the tests has nothing to keep through a power cut.
QUICK = ("fsync", "full_page_writes", "synchronous_commit")
TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
SEQUENCES = "SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
# A row of the system's catalogue that was written has another xmin: whatever was created, altered, granted or dropped.
SHAPE = """
    SELECT md5(string_agg(place || oid || ' ' || xmin, ',' ORDER BY place, oid)) FROM (
        SELECT 'class' AS place, oid::text, xmin::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', oid::text, xmin::text FROM pg_trigger
        UNION ALL SELECT 'constraint', oid::text, xmin::text FROM pg_constraint
        UNION ALL SELECT 'function', oid::text, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'schema', oid::text, xmin::text FROM pg_namespace WHERE nspname = 'public'
        UNION ALL SELECT 'database', oid::text, xmin::text FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT 'setting', setdatabase::text, xmin::text FROM pg_db_role_setting
    ) AS found
"""
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def be_quick(postgres: str) -> None:
    """Let a server write without waiting for its disk."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        for setting in QUICK:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


def create_database(postgres: str, name: str, *, template: str = "template1") -> str:
    """Create a database as a copy of another to which nobody is connected, and return its address."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(statement)
    return address_of(postgres, name)


def address_of(postgres: str, name: str) -> str:
    """Return the address of a database on a server."""
    return postgres.replace("/postgres?", f"/{name}?")


def drop_database(postgres: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def passing_database(postgres: str, *, template: str = "template1") -> Iterator[str]:
    """Yield the address of a database of its own, which goes again: a thousand of them would fill the disk."""
    name = f"test_{secrets.token_hex(6)}"
    yield create_database(postgres, name, template=template)
    drop_database(postgres, name)


class Copies:
    """Copies of one database, handed from test to test: each begins with all that the template holds, and no more.

    To put rows back takes a tenth of the time of a new copy. A database whose shape a test has changed goes.
    """

    def __init__(self, postgres: str, template: str) -> None:
        self._postgres = postgres
        self._template = template
        self._idle: list[tuple[str, str]] = []
        self._rows: dict[str, bytes] = {}
        self._sequences: list[tuple[str, int, bool]] = []

    @contextmanager
    def taken(self) -> Iterator[str]:
        """Yield the address of a copy that nobody else has."""
        name, shape = self._idle.pop() if self._idle else self._made()
        yield address_of(self._postgres, name)
        if self._is_restored(name, shape):
            self._idle.append((name, shape))
        else:
            drop_database(self._postgres, name)

    def _made(self) -> tuple[str, str]:
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(create_database(self._postgres, name, template=self._template)) as connection:
            if not self._rows:
                self._rows = {table: _content(connection, table) for (table,) in connection.execute(TABLES).fetchall()}
                self._sequences = connection.execute(SEQUENCES).fetchall()
            return name, _shape(connection)

    def _is_restored(self, name: str, shape: str) -> bool:
        with psycopg.connect(address_of(self._postgres, name)) as connection:
            connection.execute(OTHERS)
            connection.commit()
            if _shape(connection) != shape:
                return False
            # Without triggers: some guard what is append-only, and others the order of what refers to each other.
            connection.execute("SET session_replication_role = replica")
            emptied = (sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in self._rows)
            connection.execute(sql.SQL("; ").join(emptied))
            for table, content in self._rows.items():
                if content:
                    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                        into.write(content)
            for sequence in self._sequences:
                connection.execute("SELECT setval(%s::regclass, %s, %s)", sequence)
        return True


def _content(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as out:
        return b"".join(bytes(part) for part in out)


def _shape(connection: psycopg.Connection) -> str:
    [shape] = connection.execute(SHAPE).fetchone() or ("",)
    return str(shape)


def copy_sqlite(place: str, to: str) -> None:
    """Copy a database file with the key that its secrets are sealed with."""
    for suffix in ("", FILE_SUFFIX):
        shutil.copy(f"{place}{suffix}", f"{to}{suffix}")


def begin_migrated(database_url: str) -> None:
    """Let a database file that is not there yet begin with the schema of today, which is made once in a process.

    That takes half a second otherwise, for each server that a test starts.
    """
    place = make_url(database_url).database
    if not database_url.startswith("sqlite:///") or place in (None, ":memory:") or Path(str(place)).exists():
        return
    for suffix, content in _migrated().items():
        Path(f"{place}{suffix}").write_bytes(content)
        Path(f"{place}{suffix}").chmod(0o600)


@cache
def _migrated() -> dict[str, bytes]:
    with TemporaryDirectory(prefix="billing-schema-") as folder:
        place = Path(folder) / "billing.db"
        settings = Settings(base_url="http://127.0.0.1:9", database_url=f"sqlite:///{place}")
        database = Database.open(settings.database_url, sealer=sealer_for(settings))
        database.migrate()
        database.close()
        return {suffix: Path(f"{place}{suffix}").read_bytes() for suffix in ("", FILE_SUFFIX)}


def content_of(place: str) -> bytes:
    """Return what a database file holds that nobody has open, for a database in memory."""
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # what has a log beside it can't be held in memory
        return connection.serialize()
