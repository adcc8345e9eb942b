"""Customers can go by keys of the application's own in usage events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nobody has a key yet."""
    op.create_table(
        "subject_keys",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_subject_keys_customer_id", "subject_keys", ["customer_id"])
