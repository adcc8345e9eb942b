"""Records of the audit are found by who has acted, and by when."""

from __future__ import annotations

from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the audit."""
    op.create_index("ix_audit_records_actor", "audit_records", ["actor", "position"])
    op.create_index("ix_audit_records_at", "audit_records", ["at", "position"])
