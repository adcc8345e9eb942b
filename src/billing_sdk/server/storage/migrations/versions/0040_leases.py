"""Reservations that are settled in parts: what was used of them, and until when they stay set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

RESERVATIONS = sa.table("reservations", sa.column("expires_at"), sa.column("held_until"))
HELD = sa.text("status = 'held'")


def upgrade() -> None:
    """Add the columns; what is reserved now is no lease, and is held until it expires."""
    op.add_column("reservations", sa.Column("is_lease", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("reservations", sa.Column("used", sa.String(40), nullable=False, server_default="0"))
    op.add_column("reservations", sa.Column("held_until", sa.DateTime(timezone=True)))
    op.execute(sa.update(RESERVATIONS).values(held_until=RESERVATIONS.c.expires_at))
    with op.batch_alter_table("reservations") as reservations:
        reservations.alter_column("held_until", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.drop_index("ix_reservations_held", "reservations")
    op.create_index(
        "ix_reservations_held",
        "reservations",
        ["agreement_id", "feature_key", "held_until"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
