"""Tables of the books."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, String, Table

from billing_sdk.server.storage.tables import Instant, metadata

# Entries and their postings are only ever added to: what was wrong is put right by another entry.
journal_entries = Table(
    "journal_entries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    # The day to whose month it counts, in UTC; it may lie ahead.
    Column("booked_on", Date, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("invoice_id", String(64)),
    Column("payment_id", String(64)),
    Column("agreement_id", String(64)),
    Column("reference_id", String(64)),
    Index("ix_journal_entries_customer", "customer_id", "booked_on"),
)

# Debits above zero, credits below; those of an entry sum to zero.
postings = Table(
    "postings",
    metadata,
    Column("entry_id", String(64), ForeignKey("journal_entries.id"), primary_key=True),
    Column("account", String(32), primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
)

# What is accrued for usage that no invoice has yet: the sum of the entries that say so, kept for the next of them.
accruals = Table(
    "accruals",
    metadata,
    Column("agreement_id", String(64), ForeignKey("agreements.id"), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)

# Invoices from before there were books, which are booked when a server starts.
unbooked_invoices = Table(
    "unbooked_invoices",
    metadata,
    Column("invoice_id", String(64), ForeignKey("invoices.id"), primary_key=True),
)
