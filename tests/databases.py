"""Databases for tests: files, and databases of a PostgreSQL server that lives as long as the tests."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from billing_sdk.server.sealing_keys import FILE_SUFFIX

# A server that ends with the tests has nothing to keep through a power cut.
QUICK = ("fsync", "full_page_writes", "synchronous_commit")


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
    return postgres.replace("/postgres?", f"/{name}?")


@contextmanager
def passing_database(postgres: str, *, template: str = "template1") -> Iterator[str]:
    """Yield the address of a database of its own, which goes again: a thousand of them would fill the disk."""
    name = f"test_{secrets.token_hex(6)}"
    yield create_database(postgres, name, template=template)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_sqlite(place: str, to: str) -> None:
    """Copy a database file with the key that its secrets are sealed with."""
    for suffix in ("", FILE_SUFFIX):
        shutil.copy(f"{place}{suffix}", f"{to}{suffix}")
