"""Tables of what customers may use: allowance grants, how they stood, and what customers were told."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

allowance_grants = Table(
    "allowance_grants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("feature_key", String(255), nullable=False),
    Column("name", Text, nullable=False),
    Column("amount", Quantity, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("recurrence", String(32)),
    Column("recurrence_anchor", Instant),
    Column("min_rollover", Quantity, nullable=False),
    Column("max_rollover", Quantity, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("voided_at", Instant),
    Index("ix_allowance_grants_customer_id_feature_key", "customer_id", "feature_key"),
)

# How everything stood when a usage period began, so that a balance is not worked out from the first day on; what comes
# late takes `standing` away, and `included` stays what the plan included then.
allowance_openings = Table(
    "allowance_openings",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.id"), primary_key=True),
    Column("feature_key", String(255), primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("included", Quantity, nullable=False),
    Column("standing", JSON(none_as_null=True)),
)

# What a customer is told of beside what the plan says.
usage_thresholds = Table(
    "usage_thresholds",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.id"), primary_key=True),
    Column("feature_key", String(255), primary_key=True),
    Column("thresholds", JSON, nullable=False),
)

# What was told of an agreement's present usage period.
usage_alerts = Table(
    "usage_alerts",
    metadata,
    Column("agreement_id", String(64), ForeignKey("agreements.id"), primary_key=True),
    Column("feature_key", String(255), primary_key=True),
    Column("period_start", Instant, nullable=False),
    Column("told", JSON, nullable=False),
    Column("has_access", Boolean, nullable=False),
)
