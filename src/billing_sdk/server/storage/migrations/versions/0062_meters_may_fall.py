"""A meter may read values below zero, which correct what was reported before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let no meter that there is read them."""
    op.add_column("meters", sa.Column("may_fall", sa.Boolean(), nullable=False, server_default=sa.false()))
