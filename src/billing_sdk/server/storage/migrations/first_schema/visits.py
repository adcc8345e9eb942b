"""The first tables: sessions, journeys and portal visits, and what is remembered about requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create them."""
    op.create_table(
        "audit_records",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("before_digest", sa.String(64), nullable=True),
        sa.Column("after_digest", sa.String(64), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_records")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_records_subject"), "audit_records", ["subject"], unique=False)
    op.create_table(
        "idempotent_answers",
        sa.Column("scope", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_started_at"), "idempotent_answers", ["started_at"], unique=False)
    op.create_table(
        "journeys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("browser_key_hash", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=True),
        sa.Column("is_new_user", sa.Boolean(), nullable=False),
        sa.Column("org_code", sa.String(64), nullable=True),
        sa.Column("is_new_organization", sa.Boolean(), nullable=False),
        sa.Column("plan_key", sa.String(255), nullable=True),
        sa.Column("plan_done", sa.Boolean(), nullable=False),
        sa.Column("success_seen", sa.Boolean(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_journeys_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_code"], ["organizations.code"], name=op.f("fk_journeys_org_code"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_journeys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journeys")),
    )
    op.create_index(op.f("ix_journeys_expires_at"), "journeys", ["expires_at"], unique=False)
    op.create_table(
        "portal_links",
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("org_code", sa.String(64), nullable=True),
        sa.Column("sub_nav", sa.String(64), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_code"], ["organizations.code"], name=op.f("fk_portal_links_org_code"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_portal_links_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_portal_links")),
    )
    op.create_index(op.f("ix_portal_links_expires_at"), "portal_links", ["expires_at"], unique=False)
    op.create_table(
        "portal_visits",
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("org_code", sa.String(64), nullable=True),
        sa.Column("sub_nav", sa.String(64), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_code"], ["organizations.code"], name=op.f("fk_portal_visits_org_code"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_portal_visits_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_portal_visits")),
    )
    op.create_index(op.f("ix_portal_visits_expires_at"), "portal_visits", ["expires_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
