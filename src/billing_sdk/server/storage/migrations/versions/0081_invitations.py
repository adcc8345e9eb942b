"""Members invite others into their organization."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nobody has invited anybody yet."""
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("org_code", sa.String(64), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("role_keys", sa.JSON(), nullable=False),
        sa.Column("inviter_id", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("sent_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["org_code"], ["organizations.code"], name=op.f("fk_invitations_org_code"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["users.id"], name=op.f("fk_invitations_inviter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_invitations_key_hash")),
        sa.UniqueConstraint("org_code", "email", name=op.f("uq_invitations_org_code_email")),
    )
    op.create_index(op.f("ix_invitations_email"), "invitations", ["email"])
