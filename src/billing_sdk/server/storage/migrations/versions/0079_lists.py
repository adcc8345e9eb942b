"""Lists of customers, agreements and invoices are read in the order of an index, whatever they are filtered by."""

from __future__ import annotations

from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_customers_kind", "customers", ["kind", "id"]),
    ("ix_agreements_status", "agreements", ["status", "id"]),
    ("ix_agreements_plan", "agreements", ["plan_key", "status", "id"]),
    ("ix_invoices_issued_at", "invoices", ["issued_at", "id"]),
    ("ix_invoices_status", "invoices", ["status", "issued_at", "id"]),
)


def upgrade() -> None:
    """Add the indexes."""
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
