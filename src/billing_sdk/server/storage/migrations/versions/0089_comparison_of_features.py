"""A pricing table says whether it compares the features of its plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let every table compare, until an operator decides otherwise."""
    op.add_column("pricing_tables", sa.Column("has_comparison", sa.Boolean, nullable=False, server_default=sa.true()))
