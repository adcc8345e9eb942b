"""Active users of the workspace by the month: who was there, and what was counted and charged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; nobody has been counted before."""
    op.create_table(
        "active_users",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_active_users_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("month", "user_id", name=op.f("pk_active_users")),
    )
    op.create_index(op.f("ix_active_users_user_id"), "active_users", ["user_id"])
    op.create_table(
        "usage_months",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("active_users", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("overage_users", sa.Integer()),
        sa.Column("invoice_id", sa.String(64)),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_usage_months")),
    )
