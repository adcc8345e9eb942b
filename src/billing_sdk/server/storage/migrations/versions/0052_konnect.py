"""What only the Konnect door knows of things, and the tokens that open it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "konnect_extras",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("our_id", sa.String(255), nullable=False),
        sa.Column("key", sa.String(256)),
        sa.Column("parent_id", sa.String(255)),
        sa.Column("name", sa.String(256)),
        sa.Column("description", sa.Text()),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("kind", "our_id", name=op.f("pk_konnect_extras")),
    )
    is_there = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_konnect_extras_kind_key",
        "konnect_extras",
        ["kind", "key"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.create_index("ix_konnect_extras_kind_parent_id", "konnect_extras", ["kind", "parent_id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_tokens_digest")),
    )
