"""Tables of figures by month, which are worked out from the rest and can be made again at any time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

AMOUNTS = (
    "recurring_minor",
    "new_minor",
    "expansion_minor",
    "contraction_minor",
    "churned_minor",
    "recurring_before_minor",
    "recognised_minor",
    "deferred_minor",
    "failed_minor",
    "recovered_minor",
    "open_minor",
)
COUNTS = ("customers", "customers_before", "churned_customers")

revenue_months = Table(
    "revenue_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("counted_at", Instant, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in AMOUNTS),
    *(Column(name, Integer, nullable=False) for name in COUNTS),
)

metered_months = Table(
    "metered_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("meter_key", String(255), primary_key=True),
    Column("quantity", Quantity, nullable=False),
    Column("counted_at", Instant, nullable=False),
)

# What each customer paid a month when a month ended: of the last two that did.
recurring_of_customers = Table(
    "recurring_of_customers",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
)
