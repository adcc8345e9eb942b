"""One credit note gives back what a card has paid, and beside that what the customer's balance has paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Notes that there are go to one place, so nothing of them goes elsewhere."""
    op.add_column(
        "credit_notes", sa.Column("beside_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
