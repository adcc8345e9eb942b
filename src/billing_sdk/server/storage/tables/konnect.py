"""Tables of the Konnect door: what only it knows of things, the tokens that open it, and prices of models."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, Text, text

from billing_sdk.server.storage.tables import Instant, metadata

# What a thing of ours has at this door and nowhere else; one made through another door gets a row when it needs one.
konnect_extras = Table(
    "konnect_extras",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("our_id", String(255), primary_key=True),
    Column("key", String(256)),
    Column("parent_id", String(255)),
    Column("name", String(256)),
    Column("description", Text),
    Column("labels", JSON, nullable=False),
    Column("more", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index(
        "uq_konnect_extras_kind_key",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index("ix_konnect_extras_kind_parent_id", "kind", "parent_id"),
)

# The digest of a token, never the token.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(256), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
)

# What somebody has put before the prices of language models that are built in: one at a time for each model.
llm_prices = Table(
    "llm_prices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("provider", String(128), nullable=False),
    Column("model_id", String(128), nullable=False),
    Column("model_name", String(128)),
    Column("currency", String(3), nullable=False),
    Column("pricing", JSON, nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("effective_to", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index(
        "uq_llm_prices_provider_model_id_currency",
        "provider",
        "model_id",
        "currency",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)
