"""Tables of what is measured."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text, false, text

from billing_sdk.server.storage.tables import Instant, metadata

meters = Table(
    "meters",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("event_type", String(255), nullable=False, index=True),
    Column("aggregation", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("value_path", String(255)),
    Column("dimensions", JSON, nullable=False),
    Column("conditions", JSON, nullable=False),
    Column("late_seconds", Integer),
    Column("early_seconds", Integer, nullable=False),
    Column("unknown_subjects", String(16), nullable=False),
    Column("archived_at", Instant),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("may_fall", Boolean, nullable=False, server_default=false()),
    Column("newest_within", String(8)),
)

# What was wrong with events of a stream, until it is told: one row for each meter and reason.
meter_faults = Table(
    "meter_faults",
    metadata,
    Column("meter_id", String(64), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("samples", JSON, nullable=False),
)
