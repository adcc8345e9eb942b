"""What holders of test cards are asked to confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep each question with its answer."""
    op.create_table(
        "confirmations",
        sa.Column("charge_id", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(64), nullable=False, unique=True),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(16)),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("answered_at", Instant),
    )
    op.create_index("ix_confirmations_card", "confirmations", ["card"])
