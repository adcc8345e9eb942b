"""Pending charges keep the service intervals whose usage they pay for, until they are paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; charges that are under way pay for intervals that are not kept."""
    op.add_column("charges", sa.Column("rated", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
