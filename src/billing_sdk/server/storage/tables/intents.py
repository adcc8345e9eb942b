"""Tables of changes that are written down before they are made, and of what they put on a billing cadence."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, PrimaryKeyConstraint, String, Table

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

billing_intents = Table(
    "billing_intents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("billing_cadence_id", String(64), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("actions", JSON, nullable=False),
    Column("amounts", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("reserved_at", Instant),
    Column("committed_at", Instant),
    Column("canceled_at", Instant),
)

# Whoever holds the row of a customer's plan group is the only one who may change what the customer has of it.
intent_holds = Table(
    "intent_holds",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("group_id", String(64), nullable=False),
    Column("intent_id", String(64), ForeignKey("billing_intents.id"), nullable=False, index=True),
    PrimaryKeyConstraint("customer_id", "group_id"),
)

cadence_discounts = Table(
    "cadence_discounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("billing_cadence_id", String(64), nullable=False, index=True),
    Column("percent_off", Quantity, nullable=False),
    Column("applied_at", Instant, nullable=False),
    Column("removed_at", Instant),
)
