"""The schema of a database: whether it is up to date, and how it gets there."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from billing_sdk.server.sealing import Sealer

# Any number that nothing else on the same PostgreSQL server takes an advisory lock on.
MIGRATION_LOCK = 0x62696C6C


def migrate(engine: Engine, sealer: Sealer) -> None:
    """Bring the schema up to date; of several processes that start together one does it and the others wait.

    Where it is up to date nothing is tried, so a user who may not change the schema can serve.
    """
    if is_migrated(engine):
        return
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, engine.begin() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = sealer
        command.upgrade(config, "head")


def is_migrated(engine: Engine) -> bool:
    """Tell whether the schema is the one that this version needs; False also for an empty database."""
    with engine.connect() as connection:
        return frozenset(MigrationContext.configure(connection).get_current_heads()) == _newest()


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
