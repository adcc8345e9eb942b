"""What was wrong with events of a stream is kept until it is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "meter_faults",
        sa.Column("meter_id", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
    )
