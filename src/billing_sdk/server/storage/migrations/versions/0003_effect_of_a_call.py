"""What a call with an idempotency key has begun to make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, which is empty where a call takes one transaction only."""
    op.add_column("idempotent_answers", sa.Column("effect_id", sa.String(64)))
