"""Credit can be adjusted by hand, cost another amount than it is of, and be paid for elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin without adjustments; what was granted until now costs as much as it is of."""
    op.add_column("credit_grants", sa.Column("price_minor", sa.BigInteger()))
    op.add_column("credit_grants", sa.Column("settlement", sa.String(16)))
    op.add_column("credit_movements", sa.Column("adjustment_id", sa.String(64)))
    op.create_table(
        "credit_adjustments",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
