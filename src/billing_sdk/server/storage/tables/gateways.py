"""Tables of the workspace, of linked accounts at payment processors, and of what is known of objects there."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

# One row.
workspace = Table(
    "workspace",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("gateway", String(32)),
    Column("billing_enabled_at", Instant),
    Column("plan_key", String(64), nullable=False),
)

payment_apps = Table(
    "payment_apps",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("gateway", String(32), nullable=False),
    Column("type", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("account_id", String(64)),
    Column("is_live", Boolean, nullable=False),
    Column("masked_api_key", String(64)),
    Column("webhook_endpoint_id", String(64)),
    Column("connection", String(16), nullable=False),
    Column("missing", JSON, nullable=False),
    Column("application_fee_percent", Quantity),
    Column("sealed_api_key", Text),
    Column("sealed_webhook_secret", Text),
    Column("sealed_refresh_token", Text),
    # Of whoever was sent to give consent and has not come back.
    Column("sealed_connect_state", Text),
    # Until when it is known that every event of the account has come here.
    Column("events_listed_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index(
        "uq_payment_apps_gateway",
        "gateway",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

# What stands for a thing of ours at a processor; whoever makes it there writes it down here.
remote_objects = Table(
    "remote_objects",
    metadata,
    Column("app_id", String(64), ForeignKey("payment_apps.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("our_id", String(255), primary_key=True),
    # None where making it has failed.
    Column("remote_id", String(255)),
    # Of what was sent, so that drift shows.
    Column("fingerprint", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("detail", JSON, nullable=False),
    Column("synced_at", Instant),
    UniqueConstraint("app_id", "kind", "remote_id"),
)

# Events that a processor has sent, each handled once.
gateway_events = Table(
    "gateway_events",
    metadata,
    Column("app_id", String(64), ForeignKey("payment_apps.id"), primary_key=True),
    Column("event_id", String(255), primary_key=True),
    Column("type", String(64), nullable=False),
    Column("object_id", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("handled_at", Instant),
    Column("outcome", String(64)),
    Column("attempts", Integer, nullable=False),
    Index("ix_gateway_events_handled_at", "handled_at"),
)

# What holders of test cards are asked to confirm; processors with a memory of their own need none here.
confirmations = Table(
    "confirmations",
    metadata,
    Column("charge_id", String(64), primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("card", String(64), nullable=False),
    Column("answer", String(16)),
    Column("asked_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Index("ix_confirmations_card", "card"),
)
