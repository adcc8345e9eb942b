"""What somebody noted of a payment by other means is kept apart from what the gateway calls its charges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and move what was noted until now."""
    op.add_column("payments", sa.Column("reference", sa.String(255)))
    op.execute(
        "UPDATE payments SET reference = gateway_reference, gateway_reference = NULL "
        "WHERE payment_method_label = 'Other means'"
    )
