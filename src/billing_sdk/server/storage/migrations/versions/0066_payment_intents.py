"""Money that is taken before the invoice that it pays is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; charges and payments say which payment intent they are of."""
    op.create_table(
        "payment_intents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("payment_method_id", sa.String(64)),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("decline_code", sa.String(64)),
        sa.Column("charge_id", sa.String(64)),
        sa.Column("payment_id", sa.String(64)),
        sa.Column("invoice_id", sa.String(64)),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("canceled_at", Instant),
        sa.Column("cancellation", sa.String(32)),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_payment_intents_customer_id")),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_methods.id"], name=op.f("fk_payment_intents_payment_method_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_intents_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intents")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_intents_payment_id")),
    )
    op.create_index(op.f("ix_payment_intents_customer_id"), "payment_intents", ["customer_id"])
    op.create_table(
        "unused_refunds",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("payment_intent_id", sa.String(64), nullable=False),
        sa.Column("payment_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("charge_reference", sa.String(255), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("requested_at", Instant, nullable=False),
        sa.Column("lease_ends_at", Instant, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Column("reference", sa.String(255)),
        sa.Column("decline_code", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["payment_intent_id"], ["payment_intents.id"], name=op.f("fk_unused_refunds_payment_intent_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_unused_refunds_payment_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_unused_refunds_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unused_refunds")),
    )
    for column in ("payment_intent_id", "customer_id"):
        op.create_index(op.f(f"ix_unused_refunds_{column}"), "unused_refunds", [column])
    op.add_column("charges", sa.Column("payment_intent_id", sa.String(64)))
    op.create_index("uq_charges_payment_intent_id", "charges", ["payment_intent_id"], unique=True)
    op.add_column("payments", sa.Column("payment_intent_id", sa.String(64)))
    op.create_index(op.f("ix_payments_payment_intent_id"), "payments", ["payment_intent_id"])
