"""Coupons, and who redeemed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "coupons",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("percent_off", sa.String(40)),
        sa.Column("amount_off", sa.JSON, nullable=False),
        sa.Column("duration", sa.String(16), nullable=False),
        sa.Column("periods", sa.Integer),
        sa.Column("redeem_by", sa.DateTime(timezone=True)),
        sa.Column("max_redemptions", sa.Integer),
        sa.Column("redeemed", sa.Integer, nullable=False),
        sa.Column("plan_keys", sa.JSON, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "redeemed >= 0 AND (max_redemptions IS NULL OR redeemed <= max_redemptions)", name="redeemed"
        ),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("coupon_key", sa.String(100), sa.ForeignKey("coupons.key"), nullable=False),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("agreement_id", sa.String(64), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("agreement_id", "coupon_key"),
    )
    op.create_index("ix_redemptions_customer_id", "redemptions", ["customer_id"])
