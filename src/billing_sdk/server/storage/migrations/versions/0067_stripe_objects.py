"""What only the Stripe door knows of things has a table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with none: nothing was made through that door yet."""
    op.create_table(
        "stripe_objects",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("our_id", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255)),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("deleted_at", Instant),
        sa.PrimaryKeyConstraint("kind", "our_id", name=op.f("pk_stripe_objects")),
    )
    op.create_index("uq_stripe_objects_kind_key", "stripe_objects", ["kind", "key"], unique=True)
    op.create_index("ix_stripe_objects_kind_created_at", "stripe_objects", ["kind", "created_at", "our_id"])
