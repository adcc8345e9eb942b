"""Tables of what corrects an invoice or a payment: credit notes with their lines, refunds, and disputes.

Notes are only ever added to.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from billing_sdk.server.storage.tables import Instant, metadata

credit_notes = Table(
    "credit_notes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("invoice_id", String(64), ForeignKey("invoices.id"), nullable=False, index=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("destination", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    # To the customer's balance, beside what goes to the destination.
    Column("beside_minor", BigInteger, nullable=False, server_default=text("0")),
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    Column("credit_note_id", String(64), ForeignKey("credit_notes.id"), primary_key=True),
    Column("line_number", Integer, primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("included_tax_minor", BigInteger, nullable=False),
)

# A refund is written before the gateway is asked, and its id is the idempotency key: one that is asked for again is
# paid back once.
refunds = Table(
    "refunds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("credit_note_id", String(64), ForeignKey("credit_notes.id"), nullable=False, unique=True),
    Column("invoice_id", String(64), ForeignKey("invoices.id"), nullable=False, index=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("payment_id", String(64), ForeignKey("payments.id"), nullable=False),
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
    # The processor's own id is known here once.
    Index("uq_refunds_reference", "reference", unique=True),
    Index(
        "ix_refunds_pending",
        "lease_ends_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)

disputes = Table(
    "disputes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("payment_id", String(64), ForeignKey("payments.id"), nullable=False, index=True),
    Column("invoice_id", String(64), ForeignKey("invoices.id"), index=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("gateway", String(32), nullable=False),
    # The processor's own id, which is known here once.
    Column("reference", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("evidence_due_at", Instant),
    Column("closed_at", Instant),
    UniqueConstraint("gateway", "reference"),
)
