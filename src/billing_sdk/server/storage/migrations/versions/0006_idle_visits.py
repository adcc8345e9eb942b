"""Visits to the portal end when nobody has used them for a while, and at a time of their own in any case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when a visit ends in any case; who was in the portal comes back by a new link."""
    op.execute("DELETE FROM portal_visits")
    with op.batch_alter_table("portal_visits") as batch:
        batch.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False))
