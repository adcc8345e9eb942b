"""Tables of what is for sale."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from billing_sdk.server.storage.tables import Instant, metadata

features = Table(
    "features",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("type", String(16), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("description", Text, nullable=False),
)

plan_groups = Table(
    "plan_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("is_default", Boolean, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("group_id", String(64), ForeignKey("plan_groups.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("interval", String(16), nullable=False),
    Column("position", Integer, nullable=False),
)

# A row is never updated: the newest number of a plan is what is sold, the others are what was.
plan_versions = Table(
    "plan_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("plan_key", String(255), ForeignKey("plans.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("components", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("plan_key", "number"),
)

pricing_tables = Table(
    "pricing_tables",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("group_id", String(64), ForeignKey("plan_groups.id"), nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("cards", JSON, nullable=False),
    Index(
        "uq_pricing_tables_default",
        "group_id",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)
