"""What is due in real time is found in its order, however much is due at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give real time an index of its own; a column that has to be null is no part of an order."""
    op.drop_index("ix_timers_order", "timers")
    op.create_index(
        "ix_timers_order",
        "timers",
        ["due_at", "rank", "id"],
        sqlite_where=sa.text("clock_id IS NULL"),
        postgresql_where=sa.text("clock_id IS NULL"),
    )
    op.create_index("ix_timers_clock_order", "timers", ["clock_id", "due_at", "rank", "id"])
