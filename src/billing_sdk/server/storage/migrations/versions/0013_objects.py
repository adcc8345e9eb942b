"""Objects with versions of their own, and the plan versions that refer to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    _items()
    _licence_fees()
    _rate_cards()
    op.create_table(
        "service_actions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("item_ids", sa.JSON, nullable=False),
        sa.Column("expires_with_interval", sa.Boolean, nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "attachments",
        sa.Column("plan_version_id", sa.String(64), sa.ForeignKey("plan_versions.id"), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("version_id", sa.String(64)),
        sa.Column("lookup_key", sa.String(200)),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.UniqueConstraint("plan_version_id", "position"),
    )


def _items() -> None:
    op.create_table(
        "metered_items",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("feature_key", sa.String(255), sa.ForeignKey("features.key"), nullable=False),
        sa.Column("conditions", sa.JSON, nullable=False),
        sa.Column("unit_label", sa.Text, nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_metered_items_feature_key", "metered_items", ["feature_key"])
    op.create_table(
        "licensed_items",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit_label", sa.Text, nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )


def _licence_fees() -> None:
    op.create_table(
        "licence_fees",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("licensed_items.id"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("live_version_id", sa.String(64), nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "licence_fee_versions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("fee_id", sa.String(64), sa.ForeignKey("licence_fees.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("fee_id", "number"),
    )


def _rate_cards() -> None:
    op.create_table(
        "rate_cards",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("live_version_id", sa.String(64), nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "rate_card_versions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("card_id", sa.String(64), sa.ForeignKey("rate_cards.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("card_id", "number"),
    )
    op.create_table(
        "card_rates",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("card_id", sa.String(64), sa.ForeignKey("rate_cards.id"), nullable=False),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("metered_items.id"), nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("until", sa.Integer),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index(
        "uq_card_rates_latest",
        "card_rates",
        ["card_id", "item_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_card_rates_card_id", "card_rates", ["card_id", "since"])
