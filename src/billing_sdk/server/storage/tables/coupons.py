"""Tables of coupons, and of who redeemed them."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from billing_sdk.server.storage.tables import Instant, Quantity, metadata

# A row never changes, but for `redeemed`, which is counted up and down in one statement, and for `archived_at`.
coupons = Table(
    "coupons",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("name", Text, nullable=False),
    Column("percent_off", Quantity),
    Column("amount_off", JSON, nullable=False),
    Column("duration", String(16), nullable=False),
    Column("periods", Integer),
    Column("redeem_by", Instant),
    Column("max_redemptions", Integer),
    Column("redeemed", Integer, nullable=False),
    Column("plan_keys", JSON, nullable=False),
    Column("archived_at", Instant),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("redeemed >= 0 AND (max_redemptions IS NULL OR redeemed <= max_redemptions)", name="redeemed"),
)

# Without a foreign key to the agreement: a coupon is redeemed before the first charge of an agreement, which is stored
# when the charge has succeeded. Where it has not, the row goes.
redemptions = Table(
    "redemptions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("coupon_key", String(100), ForeignKey("coupons.key"), nullable=False),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("agreement_id", String(64), nullable=False),
    Column("redeemed_at", Instant, nullable=False),
    UniqueConstraint("agreement_id", "coupon_key"),
    Index("ix_redemptions_coupon", "coupon_key", "id"),
)
