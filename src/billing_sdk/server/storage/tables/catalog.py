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
    Column("max_units", Integer),
    Column("line_description", Text, nullable=False),
    Column("meter_key", String(255)),
)

plan_groups = Table(
    "plan_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Index(
        "uq_plan_groups_default",
        "scope",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)

plans = Table(
    "plans",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("group_id", String(64), ForeignKey("plan_groups.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    # Without a foreign key, since versions have one to plans, and SQLite can't add the second one afterwards.
    Column("live_version_id", String(64)),
    Column("position", Integer, nullable=False),
    Column("lookup_key", String(255)),
    Column("metadata", JSON, nullable=False),
    Column("tax_behavior", String(16)),
    Index("uq_plans_lookup_key", "lookup_key", unique=True),
)

# A trigger refuses to update what a row holds: the live version of a plan is what is sold, the others are what was or
# what will be.
plan_versions = Table(
    "plan_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("plan_key", String(255), ForeignKey("plans.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("components", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("cadence", String(16), nullable=False),
    Column("trial", JSON(none_as_null=True)),
    Column("opening_phases", JSON, nullable=False),
    Column("alignment", String(16), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("is_billed_by_customer", Boolean, nullable=False),
    UniqueConstraint("plan_key", "number"),
)

pricing_tables = Table(
    "pricing_tables",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("group_id", String(64), ForeignKey("plan_groups.id"), nullable=False),
    Column("scope", String(16), nullable=False),  # the group's, which never changes
    Column("is_live", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("cards", JSON, nullable=False),
    Column("language", String(35), nullable=False),
    Column("heading", Text, nullable=False),
    Column("headings", JSON, nullable=False),
    Column("default_cadence", String(32)),
    Column("has_comparison", Boolean, nullable=False),
    Index(
        "uq_pricing_tables_default",
        "scope",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)

# One row at most; while there is none, everything is as the server starts with.
billing_settings = Table(
    "billing_settings",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("default_currency", String(3), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("alignment", String(16), nullable=False),
    Column("show_pricing_table_at_sign_up", Boolean, nullable=False),
    Column("unpaid_usage", String(16), nullable=False),
    Column("unused_days", String(16), nullable=False),
    Column("proration", String(16), nullable=False),
    Column("zero_usage_flat_fee", String(16), nullable=False),
    Column("rounding", String(16), nullable=False),
    Column("late_usage", String(16), nullable=False, server_default=text("'rerate'")),
)
