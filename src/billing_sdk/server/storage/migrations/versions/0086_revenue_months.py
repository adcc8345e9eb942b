"""Figures by month are kept: recurring revenue, churn, what was earned and failed to be paid, and usage by meter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant, Quantity

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

AMOUNTS = (
    "recurring_minor",
    "new_minor",
    "expansion_minor",
    "contraction_minor",
    "churned_minor",
    "recurring_before_minor",
    "recognised_minor",
    "deferred_minor",
    "failed_minor",
    "recovered_minor",
    "open_minor",
)
COUNTS = ("customers", "customers_before", "churned_customers")


def upgrade() -> None:
    """Add the tables; a server that runs fills them from what there is."""
    op.create_table(
        "revenue_months",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("counted_at", Instant, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in AMOUNTS),
        *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
    )
    op.create_table(
        "metered_months",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("meter_key", sa.String(255), primary_key=True),
        sa.Column("quantity", Quantity, nullable=False),
        sa.Column("counted_at", Instant, nullable=False),
    )
