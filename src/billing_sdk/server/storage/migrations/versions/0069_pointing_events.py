"""Events have three forms, endpoints have secrets of their own, and it is kept how agreements stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there is in the form of a token; how agreements stand is worked out when something of them changes."""
    op.add_column("webhook_endpoints", sa.Column("format", sa.String(16), nullable=False, server_default="jwt"))
    op.add_column("webhook_endpoints", sa.Column("sealed_secret", sa.Text()))
    op.add_column("webhook_endpoints", sa.Column("sealed_old_secret", sa.Text()))
    op.add_column("webhook_endpoints", sa.Column("old_secret_until", Instant))
    op.add_column("webhook_endpoints", sa.Column("api_version", sa.String(64)))
    nothing = sa.text("'{}'")
    op.add_column("webhook_endpoints", sa.Column("metadata", sa.JSON(), nullable=False, server_default=nothing))
    op.add_column("events", sa.Column("form", sa.String(16), nullable=False, server_default="jwt"))
    op.add_column("events", sa.Column("subject", sa.String(200)))
    op.create_index("ix_events_form", "events", ["form", "position"])
    op.create_index("ix_events_subject", "events", ["subject"])
    op.create_table(
        "standings",
        sa.Column("agreement_id", sa.String(64), nullable=False),
        sa.Column("servicing", sa.String(32), nullable=False),
        sa.Column("collection", sa.String(32), nullable=False),
        sa.Column("servicing_at", sa.JSON(), nullable=False),
        sa.Column("collection_at", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_standings_agreement_id_agreements")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_standings")),
    )
