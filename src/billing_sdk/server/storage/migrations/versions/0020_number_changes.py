"""Agreements know how numbers have changed since the last billing date, and which discounts counted on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ADDED = ("number_changes", "billed_discounts")


def upgrade() -> None:
    """Add the columns, and complete the agreements that pending charges hold.

    Whatever numbers have been were charged by then, so the present ones count from the last billing date; of the
    discounts those count for the present period that are still there.
    """
    for name in ADDED:
        op.add_column("agreements", sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.execute("UPDATE agreements SET billed_discounts = discounts")
    charges = sa.table("charges", sa.column("id", sa.String()), sa.column("agreement", sa.JSON()))
    bind = op.get_bind()
    for row in bind.execute(sa.select(charges)).all():
        completed = {**row.agreement, "number_changes": [], "billed_discounts": row.agreement["discounts"]}
        bind.execute(sa.update(charges).where(charges.c.id == row.id).values(agreement=completed))
