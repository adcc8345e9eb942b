"""Agreements keep their pauses, in which nothing that a customer uses counts under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of pauses that are over nothing is known."""
    op.add_column("agreements", sa.Column("pauses", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
