"""Tables of what the workspace's own plan counts: operators, and active users by the month."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from billing_sdk.server.storage.tables import Instant, metadata

operators = Table(
    "operators",
    metadata,
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("added_at", Instant, nullable=False),
)

active_users = Table(
    "active_users",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("seen_at", Instant, nullable=False),
)

usage_months = Table(
    "usage_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("active_users", Integer, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("overage_users", Integer),
    Column("bill_id", String(64)),
)
