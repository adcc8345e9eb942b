"""Credit can be for some metered items, or some rate cards, and not only for features."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both lists; what was granted until now is for all items and cards of its features."""
    for name in ("items", "cards"):
        column = sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        op.add_column("credit_grants", column)
