"""What customers and suppliers were called is kept, for the invoices that were issued to them or by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; invoices of before go by what is known now."""
    op.create_table(
        "past_parties",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64)),
        sa.Column("profile_id", sa.String(64)),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("address", sa.JSON()),
        sa.Column("tax_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_past_parties_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_parties")),
    )
    for column in ("customer_id", "profile_id"):
        op.create_index(op.f(f"ix_past_parties_{column}"), "past_parties", [column])
