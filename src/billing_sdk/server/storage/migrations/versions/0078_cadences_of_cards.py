"""A card of a pricing table has the same offer at other cadences; a table says which one it shows first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

TABLES = sa.table("pricing_tables", sa.column("id", sa.String()), sa.column("cards", sa.JSON()))


def upgrade() -> None:
    """Keep every card as it is: a plan at its own cadence."""
    op.add_column("pricing_tables", sa.Column("default_cadence", sa.String(32)))
    connection = op.get_bind()
    for table_id, cards in connection.execute(sa.select(TABLES.c.id, TABLES.c.cards)).all():
        moved = [{**card, "other_plan_keys": []} for card in cards]
        connection.execute(sa.update(TABLES).where(TABLES.c.id == table_id).values(cards=moved))
