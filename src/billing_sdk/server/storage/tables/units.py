"""Tables of custom pricing units, and of what rate cards charge for those that no grant covers."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from billing_sdk.server.storage.tables import Instant, metadata

custom_units = Table(
    "custom_units",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# As with the rates of items: in every version from `since` on, up to and without `until`, which is set once.
overage_rates = Table(
    "overage_rates",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("card_id", String(64), ForeignKey("rate_cards.id"), nullable=False),
    Column("unit_id", String(64), ForeignKey("custom_units.id"), nullable=False),
    Column("item_id", String(64), ForeignKey("one_time_items.id"), nullable=False),
    # Exact minor units of the card's currency for a whole unit, in plain digits.
    Column("unit_amount", String(40), nullable=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Whatever the code does: the latest version of a card prices a unit once.
    Index(
        "uq_overage_rates_latest",
        "card_id",
        "unit_id",
        unique=True,
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
)
