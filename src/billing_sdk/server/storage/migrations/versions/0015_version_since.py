"""Agreements know since when their present version counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and complete the agreements that pending charges hold; no version has taken over before."""
    op.add_column("agreements", sa.Column("version_since", sa.DateTime(timezone=True), nullable=True))
    charges = sa.table("charges", sa.column("id", sa.String()), sa.column("agreement", sa.JSON()))
    bind = op.get_bind()
    for row in bind.execute(sa.select(charges)).all():
        mine = sa.update(charges).where(charges.c.id == row.id)
        bind.execute(mine.values(agreement={**row.agreement, "version_since": None}))
