"""Tables of how money is to come in."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from billing_sdk.server.storage.tables import Instant, metadata

billing_profiles = Table(
    "billing_profiles",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("supplier", JSON, nullable=False),
    Column("collection_method", String(32), nullable=False),
    # Durations are kept as ISO 8601 writes them.
    Column("due_after", String(64), nullable=False),
    Column("wait_for_late_usage", String(64), nullable=False),
    Column("wait_before_sending", String(64), nullable=False),
    Column("numbering", JSON, nullable=False),
    Column("tax", JSON, nullable=False),
    Column("dunning", JSON, nullable=False),
    Column("progressive_threshold_minor", JSON, nullable=False),
    Column("is_consolidating", Boolean, nullable=False),
    Column("language", String(32), nullable=False),
    Column("finalizes", String(16), nullable=False, server_default=text("'at_once'")),
    Column("app_id", String(64)),
    # Whatever the code does: one of them is the default.
    Index(
        "uq_billing_profiles_default",
        "is_default",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
)

# How it stands with an invoice that could not be collected; it stays when that is over.
dunnings = Table(
    "dunnings",
    metadata,
    Column("invoice_id", String(64), ForeignKey("invoices.id"), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("policy", JSON, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_failed_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", String(16)),
)

# How a subscription stands, as it was told last: an agreement with those that have followed it.
standings = Table(
    "standings",
    metadata,
    # The first of them, whose id is that of the subscription.
    Column("agreement_id", String(64), ForeignKey("agreements.id"), primary_key=True),
    Column("servicing", String(32), nullable=False),
    Column("collection", String(32), nullable=False),
    # When each status was last come to, as ISO 8601 writes it.
    Column("servicing_at", JSON, nullable=False),
    Column("collection_at", JSON, nullable=False),
)

# What a customer, or the supplier of a billing profile, was called and where it was until an instant: invoices that
# were issued before go on saying so.
past_parties = Table(
    "past_parties",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), index=True),
    Column("profile_id", String(64), index=True),
    Column("until", Instant, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("address", JSON),
    Column("tax_ids", JSON, nullable=False),
)
