"""Tables of how pages look: the brand, what was uploaded for it, and what operators put around pages."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, LargeBinary, String, Table, Text

from billing_sdk.server.storage.tables import Instant, metadata

# One row.
brand = Table(
    "brand",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("accent", String(7), nullable=False),
    Column("dark_accent", String(7), nullable=False),
    Column("font", String(16), nullable=False),
    Column("corners", String(16), nullable=False),
    Column("support_url", Text, nullable=False),
    Column("terms_url", Text, nullable=False),
    Column("privacy_url", Text, nullable=False),
    Column("texts", JSON, nullable=False),
    Column("files", JSON, nullable=False),
)

brand_files = Table(
    "brand_files",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("media_type", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

own_pages = Table(
    "own_pages",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("draft", JSON, nullable=False),
    Column("live", JSON, nullable=False),
    Column("updated_at", Instant),
    Column("published_at", Instant),
)
