"""Billing cadences belong to customers, and what is due by one at an instant is one invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

GATHERING = sa.text("status = 'gathering' AND billing_cadence_id IS NULL")
BY_CADENCE = sa.text("status = 'gathering' AND billing_cadence_id IS NOT NULL")


def upgrade() -> None:
    """Let what is there go on in the rhythm of its own agreement."""
    op.create_table(
        "payer_profiles",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("payment_method_id", sa.String(64)),
        sa.Column("lookup_key", sa.String(200)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.UniqueConstraint("customer_id", "lookup_key"),
    )
    op.create_table(
        "cadence_settings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("live_version_id", sa.String(64), nullable=False),
        sa.Column("latest_version_id", sa.String(64), nullable=False),
        sa.Column("lookup_key", sa.String(200)),
        sa.Column("created_at", Instant, nullable=False),
        sa.UniqueConstraint("kind", "lookup_key"),
    )
    op.create_table(
        "cadence_setting_versions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("setting_id", sa.String(64), sa.ForeignKey("cadence_settings.id"), nullable=False, index=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "billing_cadences",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False, index=True),
        sa.Column("profile_id", sa.String(64), sa.ForeignKey("payer_profiles.id"), nullable=False),
        sa.Column("cadence", sa.String(32), nullable=False),
        sa.Column("anchor", Instant, nullable=False),
        sa.Column("month_of_year", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("bill_setting_id", sa.String(64), sa.ForeignKey("cadence_settings.id")),
        sa.Column("bill_version_id", sa.String(64)),
        sa.Column("collection_setting_id", sa.String(64), sa.ForeignKey("cadence_settings.id")),
        sa.Column("collection_version_id", sa.String(64)),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("canceled_at", Instant),
    )
    for table in ("agreements", "invoices"):
        op.add_column(table, sa.Column("billing_cadence_id", sa.String(64)))
        op.create_index(f"ix_{table}_billing_cadence_id", table, ["billing_cadence_id"])
    op.drop_index("uq_invoices_gathering", "invoices")
    columns = ["customer_id", "currency"]
    op.create_index(
        "uq_invoices_gathering", "invoices", columns, unique=True, sqlite_where=GATHERING, postgresql_where=GATHERING
    )
    op.create_index(
        "uq_invoices_gathering_by_cadence",
        "invoices",
        [*columns, "billing_cadence_id"],
        unique=True,
        sqlite_where=BY_CADENCE,
        postgresql_where=BY_CADENCE,
    )
