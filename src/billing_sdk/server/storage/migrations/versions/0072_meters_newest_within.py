"""A meter may count the newest event of each hour or day alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let every meter that there is count each event."""
    op.add_column("meters", sa.Column("newest_within", sa.String(8)))
