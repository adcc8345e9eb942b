"""Tables of objects that have versions of their own, and of the plan versions that refer to them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billing_sdk.server.storage.tables import Instant, metadata

metered_items = Table(
    "metered_items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("feature_key", String(255), ForeignKey("features.key"), nullable=False, index=True),
    Column("conditions", JSON, nullable=False),
    Column("shown_dimensions", JSON, nullable=False),
    Column("tax_code", String(100)),
    Column("unit_label", Text, nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

licensed_items = Table(
    "licensed_items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("tax_code", String(100)),
    Column("unit_label", Text, nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

one_time_items = Table(
    "one_time_items",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("tax_code", String(100)),
    Column("unit_label", Text, nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

licence_fees = Table(
    "licence_fees",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("item_id", String(64), ForeignKey("licensed_items.id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("tax_behavior", String(16)),
    Column("service", String(16), nullable=False),
    Column("live_version_id", String(64), nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# A row is never updated, here and in the versions of rate cards.
licence_fee_versions = Table(
    "licence_fee_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("fee_id", String(64), ForeignKey("licence_fees.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("terms", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("fee_id", "number"),
)

rate_cards = Table(
    "rate_cards",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("tax_behavior", String(16)),
    Column("service", String(16), nullable=False),
    Column("live_version_id", String(64), nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("is_active", Boolean, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

rate_card_versions = Table(
    "rate_card_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("card_id", String(64), ForeignKey("rate_cards.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("card_id", "number"),
)

# A rate is in every version from the number `since` on, up to and without the number `until`, which is set once.
card_rates = Table(
    "card_rates",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("card_id", String(64), ForeignKey("rate_cards.id"), nullable=False),
    Column("item_id", String(64), ForeignKey("metered_items.id"), nullable=False),
    Column("terms", JSON, nullable=False),
    # The custom unit that the terms are in millionths of, if they are no money.
    Column("unit_id", String(64)),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Whatever the code does: the latest version of a card prices an item once.
    Index(
        "uq_card_rates_latest",
        "card_id",
        "item_id",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
    Index("ix_card_rates_card_id", "card_id", "since"),
)

service_actions = Table(
    "service_actions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(64), nullable=False),
    Column("service", String(16), nullable=False),
    Column("item_ids", JSON, nullable=False),
    Column("expires_with_interval", Boolean, nullable=False),
    Column("category", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("created_at", Instant, nullable=False),
)

# What a version of a plan refers to. Rows of a version are added, for rate cards, and never changed or deleted.
attachments = Table(
    "attachments",
    metadata,
    Column("plan_version_id", String(64), ForeignKey("plan_versions.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("version_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("lookup_key", String(200)),
    Column("metadata", JSON, nullable=False),
    UniqueConstraint("plan_version_id", "position"),
)
