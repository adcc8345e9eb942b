"""Billing profiles, where customers are, and since when an agreement is suspended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TEXTS = {"profile_id": 64, "country": 2, "region": 200, "city": 200, "postal_code": 20, "language": 32}
LISTS = ("address_lines", "tax_ids")


def upgrade() -> None:
    """Add table and columns, and complete the agreements that pending charges hold; nobody is suspended so far."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "billing_profiles",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("supplier", sa.JSON(), nullable=False),
        sa.Column("collection_method", sa.String(32), nullable=False),
        sa.Column("due_after", sa.String(64), nullable=False),
        sa.Column("wait_for_late_usage", sa.String(64), nullable=False),
        sa.Column("wait_before_sending", sa.String(64), nullable=False),
        sa.Column("numbering", sa.JSON(), nullable=False),
        sa.Column("tax", sa.JSON(), nullable=False),
        sa.Column("dunning", sa.JSON(), nullable=False),
        sa.Column("progressive_threshold_minor", sa.JSON(), nullable=False),
        sa.Column("is_consolidating", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_profiles")),
    )
    op.create_index(
        "uq_billing_profiles_default",
        "billing_profiles",
        ["is_default"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    for name, length in TEXTS.items():
        op.add_column("customers", sa.Column(name, sa.String(length)))
    for name in LISTS:
        op.add_column("customers", sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.create_index(op.f("ix_customers_profile_id"), "customers", ["profile_id"])
    op.add_column("agreements", sa.Column("suspended_at", instant))
    charges = sa.table("charges", sa.column("id", sa.String()), sa.column("agreement", sa.JSON()))
    bind = op.get_bind()
    for row in bind.execute(sa.select(charges)).all():
        mine = sa.update(charges).where(charges.c.id == row.id)
        bind.execute(mine.values(agreement={**row.agreement, "suspended_at": None}))
