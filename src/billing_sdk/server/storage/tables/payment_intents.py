"""Tables of money that is taken before the invoice that it pays is known."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String, Table, Text

from billing_sdk.server.storage.tables import Instant, metadata

payment_intents = Table(
    "payment_intents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", String(32), nullable=False),
    Column("payment_method_id", String(64), ForeignKey("payment_methods.id")),
    Column("description", Text, nullable=False),
    Column("return_url", Text, nullable=False),
    Column("decline_code", String(64)),
    # The attempt that is under way; its row is gone with its outcome.
    Column("charge_id", String(64)),
    Column("payment_id", String(64), ForeignKey("payments.id"), unique=True),
    # Without a foreign key, since invoices refer to payments.
    Column("invoice_id", String(64)),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("canceled_at", Instant),
    Column("cancellation", String(32)),
    Column("metadata", JSON, nullable=False),
)

# What goes back before it has paid anything; what has is given back by a credit note.
unused_refunds = Table(
    "unused_refunds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("payment_intent_id", String(64), ForeignKey("payment_intents.id"), nullable=False, index=True),
    Column("payment_id", String(64), ForeignKey("payments.id"), nullable=False),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("charge_reference", String(255), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("lease_ends_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("reference", String(255)),
    Column("decline_code", String(64)),
)
