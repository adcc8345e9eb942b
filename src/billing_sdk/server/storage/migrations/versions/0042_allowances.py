"""What customers may use beside their plans, and what they are told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# A quantity is kept as its digits.
QUANTITY = sa.String(40)


def upgrade() -> None:
    """Add the tables; nobody has any of it yet."""
    op.create_table(
        "allowance_grants",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("feature_key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", QUANTITY, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("recurrence", sa.String(32)),
        sa.Column("recurrence_anchor", INSTANT),
        sa.Column("min_rollover", QUANTITY, nullable=False),
        sa.Column("max_rollover", QUANTITY, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("voided_at", INSTANT),
    )
    op.create_index("ix_allowance_grants_customer_id_feature_key", "allowance_grants", ["customer_id", "feature_key"])
    op.create_table(
        "allowance_openings",
        *_key(),
        sa.Column("started_at", INSTANT, primary_key=True),
        sa.Column("included", QUANTITY, nullable=False),
        sa.Column("standing", sa.JSON()),
    )
    op.create_table("usage_thresholds", *_key(), sa.Column("thresholds", sa.JSON(), nullable=False))
    op.create_table(
        "usage_alerts",
        sa.Column("agreement_id", sa.String(64), sa.ForeignKey("agreements.id"), primary_key=True),
        sa.Column("feature_key", sa.String(255), primary_key=True),
        sa.Column("period_start", INSTANT, nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("has_access", sa.Boolean(), nullable=False),
    )


def _key() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("feature_key", sa.String(255), primary_key=True),
    )
