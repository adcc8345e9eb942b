"""It is known by real time when an event was written, for those that can be looked up for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it open of what is there: those events are looked up whatever their age."""
    op.add_column("events", sa.Column("recorded_at", Instant))
