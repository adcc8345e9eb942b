"""The schema's history, as an Alembic environment that comes with the package."""
