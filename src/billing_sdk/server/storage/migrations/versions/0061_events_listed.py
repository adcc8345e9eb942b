"""It is known until when all events of a linked account have come here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with none: what happens from the next look on is asked for."""
    op.add_column("payment_apps", sa.Column("events_listed_at", Instant))
