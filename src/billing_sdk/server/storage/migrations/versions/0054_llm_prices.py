"""Prices of language models that somebody puts before the ones that are built in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "llm_prices",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(128), nullable=False),
        sa.Column("model_id", sa.String(128), nullable=False),
        sa.Column("model_name", sa.String(128)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("pricing", sa.JSON(), nullable=False),
        sa.Column("effective_from", INSTANT, nullable=False),
        sa.Column("effective_to", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_prices")),
    )
    is_there = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_llm_prices_provider_model_id_currency",
        "llm_prices",
        ["provider", "model_id", "currency"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
