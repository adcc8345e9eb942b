"""Tables of credit for usage: grants, what has moved of them, and when a customer wants more."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
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

# The currency is a custom pricing unit where credit is of that, and amounts are in millionths of it then.
# `left_minor` is what the movements of a grant add up to, changed in the transaction of each of them. Whatever the code
# does, it is never below zero nor above what was granted.
credit_grants = Table(
    "credit_grants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", String(64), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("left_minor", BigInteger, nullable=False),
    Column("category", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("applies_to", JSON, nullable=False),
    Column("items", JSON, nullable=False, server_default=text("'[]'")),
    Column("cards", JSON, nullable=False, server_default=text("'[]'")),
    Column("source", String(16), nullable=False),
    Column("status", String(24), nullable=False),
    Column("agreement_id", String(64)),
    Column("component", String(520)),
    Column("interval_start", Instant),
    Column("ends_with_agreement", Boolean, nullable=False),
    Column("invoice_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("voided_at", Instant),
    # Null where a paid one costs as much as it is of.
    Column("price_minor", BigInteger),
    Column("settlement", String(16)),
    CheckConstraint("left_minor >= 0 AND left_minor <= amount_minor", name="left"),
    # An agreement grants once for each interval, whoever runs its timers.
    UniqueConstraint("agreement_id", "component", "interval_start"),
    Index("ix_credit_grants_customer_id", "customer_id"),
    Index("ix_credit_grants_invoice_id", "invoice_id"),
    # What invoices and gates look at, however many grants have been used up.
    Index(
        "ix_credit_grants_left",
        "customer_id",
        sqlite_where=text("left_minor > 0"),
        postgresql_where=text("left_minor > 0"),
    ),
)

# Rows are added and never changed, but for the invoice of what a charge has used, which is known with its outcome.
credit_movements = Table(
    "credit_movements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("grant_id", String(64), ForeignKey("credit_grants.id"), nullable=False, index=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("invoice_id", String(64), index=True),
    Column("line", Integer),
    Column("charge_id", String(64), index=True),
    Column("adjustment_id", String(64)),
    Index("ix_credit_movements_customer", "customer_id", "id"),
)

# What was given or taken by hand; its movements name it.
credit_adjustments = Table(
    "credit_adjustments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

# What a customer wants to happen when credit runs low; without a row nothing does.
credit_settings = Table(
    "credit_settings",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.id"), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("threshold_minor", BigInteger, nullable=False),
    Column("top_up_minor", BigInteger),
    Column("stopped_at", Instant),
    Column("told", String(16)),
)
