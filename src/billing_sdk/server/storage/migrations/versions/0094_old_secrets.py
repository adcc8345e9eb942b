"""Each secret of an endpoint that was replaced signs for a while of its own, however many there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the one that an endpoint may have to a table of its own; it stays sealed as it is."""
    op.create_table(
        "webhook_old_secrets",
        sa.Column("endpoint_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("signs_until", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_old_secrets_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "number", name=op.f("pk_webhook_old_secrets")),
    )
    op.execute(
        "INSERT INTO webhook_old_secrets (endpoint_id, number, sealed_secret, signs_until) "
        "SELECT id, 1, sealed_old_secret, old_secret_until FROM webhook_endpoints WHERE sealed_old_secret IS NOT NULL"
    )
    op.drop_column("webhook_endpoints", "sealed_old_secret")
    op.drop_column("webhook_endpoints", "old_secret_until")
