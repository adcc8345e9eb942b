"""Charges pay invoices about several agreements, or none; what is to be billed next gathers in one place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

GATHERING = sa.text("status = 'gathering'")


def upgrade() -> None:
    """Let charges be for no agreement, and have the database refuse a second charge or gathering invoice."""
    with op.batch_alter_table("charges") as batch:
        batch.alter_column("group_id", existing_type=sa.String(64), nullable=True)
        batch.alter_column("agreement", existing_type=sa.JSON(), nullable=True)
    op.create_index("uq_charges_invoice_id", "charges", ["invoice_id"], unique=True)
    op.create_index(
        "uq_invoices_gathering",
        "invoices",
        ["customer_id", "currency"],
        unique=True,
        sqlite_where=GATHERING,
        postgresql_where=GATHERING,
    )
