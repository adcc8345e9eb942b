"""The books: journal entries and their postings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables, and note which invoices a server has to book when it starts."""
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("invoice_id", sa.String(64)),
        sa.Column("payment_id", sa.String(64)),
        sa.Column("agreement_id", sa.String(64)),
        sa.Column("reference_id", sa.String(64)),
    )
    op.create_index("ix_journal_entries_customer", "journal_entries", ["customer_id", "booked_on"])
    op.create_table(
        "postings",
        sa.Column("entry_id", sa.String(64), sa.ForeignKey("journal_entries.id"), primary_key=True),
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "accruals",
        sa.Column("agreement_id", sa.String(64), sa.ForeignKey("agreements.id"), primary_key=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "unbooked_invoices",
        sa.Column("invoice_id", sa.String(64), sa.ForeignKey("invoices.id"), primary_key=True),
    )
    op.execute("INSERT INTO unbooked_invoices (invoice_id) SELECT id FROM invoices WHERE status <> 'void'")
