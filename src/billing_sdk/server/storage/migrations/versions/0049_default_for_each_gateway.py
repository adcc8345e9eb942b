"""A default payment method for each gateway, and payment methods that were detached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

DEFAULT = "uq_payment_methods_default"


def upgrade() -> None:
    """Add the column, and let the index count each gateway by itself."""
    op.add_column("payment_methods", sa.Column("detached_at", sa.DateTime(timezone=True)))
    op.create_index("ix_payment_methods_gateway_token", "payment_methods", ["gateway_token"])
    op.drop_index(DEFAULT, table_name="payment_methods")
    op.create_index(
        DEFAULT,
        "payment_methods",
        ["customer_id", "gateway"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
