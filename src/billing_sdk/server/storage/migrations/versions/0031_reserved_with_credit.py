"""Reservations know whether credit has to pay for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing that is reserved has to be paid with credit."""
    op.add_column("reservations", sa.Column("requires_credit", sa.Boolean(), nullable=False, server_default=sa.false()))
