"""A meter may be given other dimensions: whoever takes in events has to see it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count from nothing how often it happened."""
    op.add_column("meters", sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("0")))
