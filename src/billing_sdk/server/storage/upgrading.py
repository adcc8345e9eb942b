"""The way from an older schema to that of today: Alembic, which nobody needs whose schema is up to date."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from billing_sdk.server.sealing import Sealer


def upgrade(connection: Connection, sealer: Sealer) -> None:
    """Take the steps that are missing, in the transaction of a connection."""
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder:
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = sealer
        command.upgrade(config, "head")


def migration_config(folder: str, connection: Connection) -> Config:
    """Return what Alembic needs to work on a connection with the migrations that come with this package."""
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
