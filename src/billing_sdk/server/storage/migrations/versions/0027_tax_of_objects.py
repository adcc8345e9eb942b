"""Items know their tax codes, and prices whether they include tax."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; where nothing is said, the billing profile decides."""
    for items in ("metered_items", "licensed_items"):
        op.add_column(items, sa.Column("tax_code", sa.String(100)))
    for prices in ("licence_fees", "rate_cards"):
        op.add_column(prices, sa.Column("tax_behavior", sa.String(16)))
