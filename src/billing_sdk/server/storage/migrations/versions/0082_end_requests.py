"""Customers ask for the end of an agreement, say why, and may have to wait for somebody to approve it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; of those who have left already nobody knows why."""
    op.create_table(
        "end_requests",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("agreement_id", sa.String(64), sa.ForeignKey("agreements.id"), nullable=False),
        sa.Column("plan_key", sa.String(255), nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("asked_by", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("comment", sa.String(500), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.String(128)),
        sa.Column("answer", sa.String(500), nullable=False),
    )
    op.create_index("ix_end_requests_customer_id", "end_requests", ["customer_id"])
    op.create_index(
        "uq_end_requests_waiting",
        "end_requests",
        ["agreement_id"],
        unique=True,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("ix_end_requests_agreement", "end_requests", ["agreement_id", "id"])
    op.create_index("ix_end_requests_status", "end_requests", ["status", "id"])
