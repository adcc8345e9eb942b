"""What Alembic runs: the steps that are missing, in the transaction of the connection that it is handed."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from alembic import context

from billing_sdk.server.storage import tables

for module in iter_modules(tables.__path__):
    import_module(f"{tables.__name__}.{module.name}")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
