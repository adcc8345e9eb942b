"""Deliveries are shown the newest first, and those that have failed by themselves; keys say when they were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

DEAD = sa.text("status = 'dead'")


def upgrade() -> None:
    """Index the deliveries by endpoint, and those that have failed; of keys nothing is known yet."""
    op.add_column("api_tokens", sa.Column("last_used_at", Instant))
    op.create_index("ix_webhook_deliveries_newest", "webhook_deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_webhook_deliveries_dead",
        "webhook_deliveries",
        ["endpoint_id", "id"],
        sqlite_where=DEAD,
        postgresql_where=DEAD,
    )
