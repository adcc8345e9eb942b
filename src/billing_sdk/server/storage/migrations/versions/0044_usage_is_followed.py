"""Usage that arrives as events is followed: whoever is concerned is attended to once it has been recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what has been recorded so far are readings, which were attended to at once."""
    followed = op.create_table(
        "usage_followed",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_followed")),
    )
    op.bulk_insert(followed, [{"id": 1, "place": 0}])
    op.create_table(
        "usage_changes",
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_usage_changes_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "type", "since", name=op.f("pk_usage_changes")),
    )
