"""Agreements know what was asked for with a cancellation that happens later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and complete the agreements that pending charges hold; what is planned goes by the policies."""
    op.add_column("agreements", sa.Column("cancellation", sa.JSON(), nullable=True))
    charges = sa.table("charges", sa.column("id", sa.String()), sa.column("agreement", sa.JSON()))
    bind = op.get_bind()
    for row in bind.execute(sa.select(charges)).all():
        mine = sa.update(charges).where(charges.c.id == row.id)
        bind.execute(mine.values(agreement={**row.agreement, "cancellation": None}))
