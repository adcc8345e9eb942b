"""Usage can be priced in custom units, which are granted, and cost something where no grant covers them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

# Tables in which a unit can stand in the place of a currency; that of grants, which others refer to, comes apart.
WIDER = ("credit_movements", "credit_adjustments", "rated_intervals", "service_actions")


def upgrade() -> None:
    """Begin without units; all prices and grants until now are of money."""
    op.create_table(
        "custom_units",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "overage_rates",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("card_id", sa.String(64), sa.ForeignKey("rate_cards.id"), nullable=False),
        sa.Column("unit_id", sa.String(64), sa.ForeignKey("custom_units.id"), nullable=False),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("one_time_items.id"), nullable=False),
        sa.Column("unit_amount", sa.String(40), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer()),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_index(
        "uq_overage_rates_latest",
        "overage_rates",
        ["card_id", "unit_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.add_column("card_rates", sa.Column("unit_id", sa.String(64)))
    _widen_grants()
    for table in WIDER:
        _widen(table)


def _widen_grants() -> None:
    """Let the movements aside meanwhile on SQLite, which copies a table to change a column, and drops the old one."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE TEMPORARY TABLE kept_movements AS SELECT * FROM credit_movements")
        op.execute("DELETE FROM credit_movements")
    _widen("credit_grants")
    if is_sqlite:
        op.execute("INSERT INTO credit_movements SELECT * FROM kept_movements")
        op.execute("DROP TABLE kept_movements")


def _widen(table: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.alter_column("currency", type_=sa.String(64), existing_type=sa.String(3), existing_nullable=False)
