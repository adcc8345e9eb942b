"""More about people, applications and what was granted, and attempts to sign in by account and address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that the code before this does not miss; who was waiting to sign in waits no more."""
    op.add_column("users", sa.Column("standard_claims", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("applications", sa.Column("requires_pkce", sa.Boolean(), nullable=False, server_default=sa.true()))
    for name in ("userinfo_claims", "id_token_claims"):
        op.add_column("token_families", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    op.drop_table("sign_in_attempts")
    op.create_table(
        "attempts",
        sa.Column("subject_digest", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject_digest", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_last_at"), "attempts", ["last_at"])
