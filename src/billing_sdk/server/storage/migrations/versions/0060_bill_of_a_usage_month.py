"""What a usage month was charged on is named for what it is: a bill of the workspace, which hangs on no test clock."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the column."""
    op.alter_column("usage_months", "invoice_id", new_column_name="bill_id")
