"""Billing profiles say who makes invoices final, and which linked account they were made for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

PROFILES = sa.table("billing_profiles", sa.column("id", sa.String), sa.column("app_id", sa.String))
EXTRAS = sa.table(
    "konnect_extras", sa.column("kind", sa.String), sa.column("our_id", sa.String), sa.column("more", sa.JSON)
)


def upgrade() -> None:
    """Add both, and move the account from what only one door knew."""
    finalizes = sa.Column("finalizes", sa.String(16), nullable=False, server_default=sa.text("'at_once'"))
    op.add_column("billing_profiles", finalizes)
    op.add_column("billing_profiles", sa.Column("app_id", sa.String(64)))
    connection = op.get_bind()
    of_profiles = EXTRAS.c.kind == "profile"
    for our_id, more in connection.execute(sa.select(EXTRAS.c.our_id, EXTRAS.c.more).where(of_profiles)).all():
        if "app_id" not in more:
            continue
        kept = {name: value for name, value in more.items() if name != "app_id"}
        connection.execute(sa.update(EXTRAS).where(of_profiles, EXTRAS.c.our_id == our_id).values(more=kept))
        connection.execute(sa.update(PROFILES).where(PROFILES.c.id == our_id).values(app_id=more["app_id"]))
