"""Readings say what the usage is marked with, such as the model that answered; earlier ones are marked with nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the readings that use it."""
    op.add_column("readings", sa.Column("dimensions", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(
        "ix_readings_marked",
        "readings",
        ["agreement_id", "feature_key", "counted_at"],
        sqlite_where=sa.text("dimensions IS NOT NULL"),
        postgresql_where=sa.text("dimensions IS NOT NULL"),
    )
