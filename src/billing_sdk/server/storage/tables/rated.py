"""The table of what has been billed of each service interval."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, String, Table, text

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

UNSETTLED = text("is_dirty OR NOT is_closed")

rated_intervals = Table(
    "rated_intervals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("agreement_id", String(64), ForeignKey("agreements.id"), nullable=False),
    Column("plan_version_id", String(64), ForeignKey("plan_versions.id"), nullable=False),
    Column("component_id", String(64), nullable=False),
    Column("feature_key", String(255), nullable=False),
    Column("period_start", Instant, nullable=False),
    Column("period_end", Instant, nullable=False),
    Column("interval_start", Instant, nullable=False),
    Column("interval_end", Instant, nullable=False),
    # Later than the period's end by an instant where an agreement ends: what was used at that instant counts.
    Column("counted_until", Instant, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("billed_minor", BigInteger, nullable=False),
    # Or the custom unit that the usage is priced in.
    Column("currency", String(64), nullable=False),
    Column("rounding", String(16), nullable=False),
    Column("zero_usage_flat_fee", String(16), nullable=False),
    # Where there are any.
    Column("discounts", JSON(none_as_null=True)),
    # Without a foreign key: a draft that is discarded leaves its intervals behind.
    Column("invoice_id", String(64)),
    Column("is_closed", Boolean, nullable=False),
    Column("is_dirty", Boolean, nullable=False),
    Index("ix_rated_intervals_counted", "agreement_id", "feature_key", "counted_until"),
    # What a renewal looks for is rarely there.
    Index(
        "ix_rated_intervals_unsettled",
        "agreement_id",
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    ),
)
