"""What follows a payment that fails, and which invoice a payment was for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add table and column; what has failed before is owed, and dunned for from its next failure on."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "dunnings",
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", instant, nullable=False),
        sa.Column("closed_at", instant),
        sa.Column("ended_at", instant),
        sa.Column("outcome", sa.String(16)),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_dunnings_invoice_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_dunnings_customer_id")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_dunnings")),
    )
    op.create_index(op.f("ix_dunnings_customer_id"), "dunnings", ["customer_id"])
    op.add_column("payments", sa.Column("invoice_id", sa.String(64)))
    op.create_index(op.f("ix_payments_invoice_id"), "payments", ["invoice_id"])
    op.execute(
        "UPDATE payments SET invoice_id = (SELECT invoices.id FROM invoices WHERE invoices.payment_id = payments.id)"
    )
