"""Tables of events, of who wants to hear of them, and of what is still to be delivered."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billing_sdk.server.storage.tables import Instant, metadata

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", JSON, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_reason", String(16)),
    Column("failing_since", Instant),
    Column("created_at", Instant, nullable=False),
    Column("format", String(16), nullable=False, server_default="jwt"),
    # Of an endpoint whose bodies are signed with a secret that both know: sealed.
    Column("sealed_secret", Text),
    Column("api_version", String(64)),
    Column("metadata", JSON, nullable=False, server_default=text("'{}'")),
)

# The secrets that came before it, which bodies are signed with as well for a while; the highest number is the newest.
old_secrets = Table(
    "webhook_old_secrets",
    metadata,
    Column("endpoint_id", String(64), ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed_secret", Text, nullable=False),
    Column("signs_until", Instant, nullable=False),
)

# The number that a customer's last event has got. Its row is the lock that puts a customer's events in order.
event_counters = Table(
    "event_counters",
    metadata,
    Column("customer_id", String(64), primary_key=True),
    Column("last_sequence", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    # The order in which events were written; on SQLite only a plain INTEGER key counts by itself.
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("type", String(80), nullable=False),
    Column("source", String(16), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("customer_id", String(64)),
    Column("sequence", BigInteger),
    Column("data", JSON, nullable=False),
    Column("form", String(16), nullable=False, server_default="jwt"),
    # What it is about, of an event that points to it: its kind and id.
    Column("subject", String(200)),
    # When it was written, by real time; unlike its own time, which is its customer's. NULL of old ones.
    Column("recorded_at", Instant),
    UniqueConstraint("customer_id", "sequence"),
    Index("ix_events_form", "form", "position"),
    Index("ix_events_subject", "subject"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint_id", String(64), ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(64), ForeignKey("events.id"), nullable=False),
    # Copied from the event: the claim finds the first of each customer without a join.
    Column("customer_id", String(64)),
    Column("sequence", BigInteger),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease", String(64)),
    Column("lease_ends_at", Instant),
    Column("last_attempt_at", Instant),
    Column("last_status", Integer),
    Column("last_answer", Text, nullable=False),
    UniqueConstraint("endpoint_id", "event_id"),
    Index("ix_webhook_deliveries_queue", "endpoint_id", "status", "customer_id", "sequence"),
    Index("ix_webhook_deliveries_event_id", "event_id"),
    Index("ix_webhook_deliveries_newest", "endpoint_id", "id"),
    Index(
        "ix_webhook_deliveries_dead",
        "endpoint_id",
        "id",
        sqlite_where=text("status = 'dead'"),
        postgresql_where=text("status = 'dead'"),
    ),
)
