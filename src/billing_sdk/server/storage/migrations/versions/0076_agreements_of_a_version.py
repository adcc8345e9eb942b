"""Who is on a version of a plan is found on an index."""

from __future__ import annotations

from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the agreements by version."""
    op.create_index("ix_agreements_version", "agreements", ["plan_version_id", "status", "id"])
