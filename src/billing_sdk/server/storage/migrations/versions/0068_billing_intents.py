"""Changes are written down before they are made; an agreement knows what it has modified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant, Quantity

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with none."""
    op.create_table(
        "billing_intents",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("billing_cadence_id", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("amounts", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("drafted_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("reserved_at", Instant),
        sa.Column("committed_at", Instant),
        sa.Column("canceled_at", Instant),
    )
    op.create_index("ix_billing_intents_customer_id", "billing_intents", ["customer_id"])
    op.create_index("ix_billing_intents_billing_cadence_id", "billing_intents", ["billing_cadence_id"])
    op.create_table(
        "intent_holds",
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("intent_id", sa.String(64), sa.ForeignKey("billing_intents.id"), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "group_id"),
    )
    op.create_index("ix_intent_holds_intent_id", "intent_holds", ["intent_id"])
    op.create_table(
        "cadence_discounts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("billing_cadence_id", sa.String(64), nullable=False),
        sa.Column("percent_off", Quantity, nullable=False),
        sa.Column("applied_at", Instant, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_index("ix_cadence_discounts_billing_cadence_id", "cadence_discounts", ["billing_cadence_id"])
    op.add_column("agreements", sa.Column("first_id", sa.String(64)))
    op.add_column("agreements", sa.Column("metadata", sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    op.create_index("ix_agreements_first_id", "agreements", ["first_id"])
