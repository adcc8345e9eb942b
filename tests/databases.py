"""Databases of a PostgreSQL server that lives as long as the tests."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

# A server that ends with the tests has nothing to keep through a power cut.
QUICK = ("fsync", "full_page_writes", "synchronous_commit")


def be_quick(postgres: str) -> None:
    """Let a server write without waiting for its disk."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        for setting in QUICK:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


def create_database(postgres: str, *, name: str = "", template: str = "template1") -> str:
    """Create a database as a copy of another, and return its address.

    Args:
        postgres: the address of the server.
        name: a name that nobody else uses, by default a random one.
        template: the database to copy; nobody may be connected to it.
    """
    name = name or f"test_{secrets.token_hex(6)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(statement)
    return postgres.replace("/postgres?", f"/{name}?")
