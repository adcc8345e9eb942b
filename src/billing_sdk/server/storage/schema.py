"""The schema of a database: whether it is up to date, and how it gets there."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.rights import VERSION

# Any number that nothing else on the same PostgreSQL server takes an advisory lock on.
MIGRATION_LOCK = 0x62696C6C
# What Alembic keeps: the revision that a database has come to.
ALEMBIC_VERSION = table(VERSION, column("version_num"))


def migrate(engine: Engine, sealer: Sealer) -> None:
    """Bring the schema up to date; of several processes that start together one does it and the others wait.

    Where it is up to date nothing is tried, so a user who may not change the schema can serve.
    """
    if is_migrated(engine):
        return
    # Imported here because Alembic takes a tenth of the time in which a command begins, and few have to migrate.
    from billing_sdk.server.storage.upgrading import upgrade

    with engine.begin() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        upgrade(connection, sealer)


def is_migrated(engine: Engine) -> bool:
    """Tell whether the schema is the one that this version needs; False also for an empty database."""
    with engine.connect() as connection:
        return _revision_of(connection) == newest_revision()


@cache
def newest_revision() -> str:
    """Return the revision that the migrations of this version lead to: they are numbered, and so are their files."""
    places = (files("billing_sdk.server.storage") / "migrations" / "versions").iterdir()
    return max(place.name.partition("_")[0] for place in places if place.name[:1].isdigit())


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(ALEMBIC_VERSION.name):
        return None
    revision: str | None = connection.execute(select(ALEMBIC_VERSION.c.version_num)).scalar_one_or_none()
    return revision
