"""Who has redeemed a coupon is found on an index."""

from __future__ import annotations

from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the redemptions by coupon."""
    op.create_index("ix_redemptions_coupon", "redemptions", ["coupon_key", "id"])
