"""What is known of somebody who was sent to a processor to link an account, and has not come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("payment_apps", sa.Column("sealed_connect_state", sa.Text()))
