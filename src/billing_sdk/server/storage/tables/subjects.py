"""The table of what else customers go by in usage events."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from billing_sdk.server.storage.tables import Instant, metadata

subject_keys = Table(
    "subject_keys",
    metadata,
    # Of all customers: an event must never have two payers.
    Column("key", String(255), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
)
