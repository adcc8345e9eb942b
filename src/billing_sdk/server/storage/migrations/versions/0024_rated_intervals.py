"""What has been billed of each service interval is kept, so that late usage of it can be billed, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UNSETTLED = sa.text("is_dirty OR NOT is_closed")


def upgrade() -> None:
    """Add the table.

    Service intervals that were billed before are not in it: usage of theirs that came late was counted in the period
    of its report, and has been billed with that.
    """
    op.create_table(
        "rated_intervals",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("agreement_id", sa.String(64), sa.ForeignKey("agreements.id"), nullable=False),
        sa.Column("plan_version_id", sa.String(64), sa.ForeignKey("plan_versions.id"), nullable=False),
        sa.Column("component_id", sa.String(64), nullable=False),
        sa.Column("feature_key", sa.String(255), nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("period_start", "period_end", "interval_start", "interval_end", "counted_until")
        ),
        sa.Column("quantity", sa.String(40), nullable=False),
        sa.Column("billed_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("rounding", sa.String(16), nullable=False),
        sa.Column("zero_usage_flat_fee", sa.String(16), nullable=False),
        sa.Column("discounts", sa.JSON(none_as_null=True)),
        sa.Column("invoice_id", sa.String(64)),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_dirty", sa.Boolean(), nullable=False),
    )
    op.add_column(
        "billing_settings", sa.Column("late_usage", sa.String(16), nullable=False, server_default=sa.text("'rerate'"))
    )
    op.create_index("ix_rated_intervals_counted", "rated_intervals", ["agreement_id", "feature_key", "counted_until"])
    op.create_index(
        "ix_rated_intervals_unsettled",
        "rated_intervals",
        ["agreement_id"],
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )
