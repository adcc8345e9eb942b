"""Tables of sessions, journeys and portal visits, and of what is remembered about requests."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from billing_sdk.server.storage.tables import Instant, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("key_digest", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("authenticated_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

journeys = Table(
    "journeys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("browser_key_hash", String(64), nullable=False),
    Column("client_id", String(64), ForeignKey("applications.client_id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE")),
    Column("is_new_user", Boolean, nullable=False),
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE")),
    Column("is_new_organization", Boolean, nullable=False),
    Column("plan_key", String(255)),
    Column("plan_done", Boolean, nullable=False),
    Column("success_seen", Boolean, nullable=False),
    Column("finished", Boolean, nullable=False),
)

portal_links = Table(
    "portal_links",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE")),
    Column("sub_nav", String(64), nullable=False),
    Column("return_url", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

portal_visits = Table(
    "portal_visits",
    metadata,
    Column("key_digest", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("org_code", String(64), ForeignKey("organizations.code", ondelete="CASCADE")),
    Column("sub_nav", String(64), nullable=False),
    Column("return_url", Text),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("ends_at", Instant, nullable=False),
)

# Append-only: triggers refuse to change or remove a row, of either table.
audit_records = Table(
    "audit_records",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(128), nullable=False, index=True),
    Column("before_digest", String(64)),
    Column("after_digest", String(64)),
    Column("request_id", String(64)),
    Column("id", String(64), nullable=False, server_default="", unique=True),
    Column("caller", String(128)),
    Column("tenant", String(64)),
    Column("mac", String(64), nullable=False, server_default=""),
    # A JSON object as it was written, so that its MAC holds to the letter.
    Column("changed", Text),
    Index("ix_audit_records_actor", "actor", "position"),
    Index("ix_audit_records_at", "at", "position"),
    sqlite_autoincrement=True,
)

# One link for each committed record, in an order of its own: positions are given out before transactions commit.
audit_links = Table(
    "audit_links",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("link", String(64), nullable=False),
)

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("scope", String(255), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("lease_ends_at", Instant, nullable=False),
    # What has been begun where a request takes more than one transaction.
    Column("effect_id", String(64)),
    # Both are empty while the request is being served.
    Column("status", Integer),
    Column("sealed_body", Text),
)
