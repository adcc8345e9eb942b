"""What is to happen later, and clocks that tests move."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables; customers who are there already live in real time."""
    op.create_table(
        "test_clocks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("target_at", sa.DateTime(timezone=True)),
        sa.Column("takes_sign_ups", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "uq_test_clocks_sign_ups",
        "test_clocks",
        ["takes_sign_ups"],
        unique=True,
        sqlite_where=sa.text("takes_sign_ups"),
        postgresql_where=sa.text("takes_sign_ups"),
    )
    # Spelled out, because SQLite adds a reference in this one way only and other tables hang on this one.
    op.execute(
        "ALTER TABLE customers ADD COLUMN clock_id VARCHAR(64) "
        "CONSTRAINT fk_customers_clock_id REFERENCES test_clocks (id)"
    )
    op.create_index("ix_customers_clock_id", "customers", ["clock_id"])
    _create_timers()


def _create_timers() -> None:
    op.create_table(
        "timers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("clock_id", sa.String(64), sa.ForeignKey("test_clocks.id")),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("subject_id", "kind"),
    )
    op.create_index("ix_timers_order", "timers", ["clock_id", "due_at", "rank", "id"])
    op.create_index("ix_timers_customer_order", "timers", ["customer_id", "due_at", "rank", "id"])
