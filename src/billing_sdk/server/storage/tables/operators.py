"""The table of operators."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from billing_sdk.server.storage.tables import Instant, metadata

operators = Table(
    "operators",
    metadata,
    Column("user_id", String(64), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("added_at", Instant, nullable=False),
)
