"""Lists are filtered within an index that no other question is answered from."""

from __future__ import annotations

from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

GONE = (
    ("ix_agreements_status", "agreements"),
    ("ix_agreements_plan", "agreements"),
    ("ix_invoices_issued_at", "invoices"),
    ("ix_invoices_status", "invoices"),
)


def upgrade() -> None:
    """Take the place of indexes that begin with a status or a plan.

    SQLite, which knows no figures, read all invoices of a status where it should have read those of one customer.
    """
    for name, table in GONE:
        op.drop_index(name, table_name=table)
    op.create_index("ix_agreements_listed", "agreements", ["id", "status", "plan_key"])
    op.create_index("ix_invoices_listed", "invoices", ["issued_at", "id", "status"])
