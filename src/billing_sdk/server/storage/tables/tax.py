"""Tables of tax codes and tax rates."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

tax_codes = Table(
    "tax_codes",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("name", Text, nullable=False),
)

# A row never changes, but for `valid_until`.
tax_rates = Table(
    "tax_rates",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("country", String(2), nullable=False, index=True),
    Column("region", String(64)),
    Column("tax_code", String(100), ForeignKey("tax_codes.key")),
    Column("name", Text, nullable=False),
    Column("percent", Quantity, nullable=False),
    Column("replaces_country", Boolean, nullable=False),
    Column("valid_from", Instant),
    Column("valid_until", Instant),
)
