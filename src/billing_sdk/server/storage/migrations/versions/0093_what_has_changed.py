"""Records of the audit say which fields have changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; records that are there have none, and are covered by their MAC as they were."""
    op.add_column("audit_records", sa.Column("changed", sa.Text))
