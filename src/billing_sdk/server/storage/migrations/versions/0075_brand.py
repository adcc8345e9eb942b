"""Pages have a brand, and operators put their own code around them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with the usual look, and with nothing of anybody's own."""
    op.create_table(
        "brand",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("accent", sa.String(7), nullable=False),
        sa.Column("dark_accent", sa.String(7), nullable=False),
        sa.Column("font", sa.String(16), nullable=False),
        sa.Column("corners", sa.String(16), nullable=False),
        sa.Column("support_url", sa.Text(), nullable=False),
        sa.Column("terms_url", sa.Text(), nullable=False),
        sa.Column("privacy_url", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
    )
    op.create_table(
        "brand_files",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "own_pages",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("live", sa.JSON(), nullable=False),
        sa.Column("updated_at", Instant),
        sa.Column("published_at", Instant),
    )
