"""What customers pay a month is kept when a month ends, so that the next one begins with what it ended with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; months that end from now on fill it."""
    op.create_table(
        "recurring_of_customers",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
    )
