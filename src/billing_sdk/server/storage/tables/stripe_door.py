"""The table of the Stripe door: what only it knows of things."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, select

from billing_sdk.server.storage.tables import Instant, metadata

# What a thing of ours has at this door and nowhere else; one made through another door gets a row when it needs one.
# A key that several may have is null: nulls are not equal to each other.
stripe_objects = Table(
    "stripe_objects",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("our_id", String(255), primary_key=True),
    Column("key", String(255)),
    Column("data", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index("uq_stripe_objects_kind_key", "kind", "key", unique=True),
    Index("ix_stripe_objects_kind_created_at", "kind", "created_at", "our_id"),
)

# The keys of plans that stand for one rate card each, which nobody sees as plans.
HIDDEN_PLANS = select(stripe_objects.c.our_id).where(stripe_objects.c.kind == "card_plan")
