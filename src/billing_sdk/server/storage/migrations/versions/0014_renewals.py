"""Agreements from before there were renewals are renewed when their present period ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RENEW_RANK = 40


def upgrade() -> None:
    """Set the timers that new agreements get when they are made."""
    agreements = sa.table(
        "agreements",
        *(sa.column(name, sa.String()) for name in ("id", "customer_id", "status")),
        sa.column("billed_until", INSTANT),
    )
    timers = sa.table(
        "timers",
        *(sa.column(name, sa.String()) for name in ("id", "clock_id", "kind", "subject_id", "customer_id")),
        sa.column("due_at", INSTANT),
        *(sa.column(name, sa.Integer()) for name in ("rank", "attempts")),
    )
    customers = sa.table("customers", sa.column("id", sa.String()), sa.column("clock_id", sa.String()))
    bind = op.get_bind()
    have_one = sa.select(timers.c.subject_id).where(timers.c.kind == "renew")
    waiting = (
        sa.select(agreements.c.id, agreements.c.customer_id, agreements.c.billed_until, customers.c.clock_id)
        .join(customers, customers.c.id == agreements.c.customer_id)
        .where(agreements.c.status == "active", agreements.c.id.not_in(have_one))
    )
    for row in bind.execute(waiting).all():
        bind.execute(
            sa.insert(timers).values(
                id=f"timer_{row.id.removeprefix('agreement_')}",
                clock_id=row.clock_id,
                kind="renew",
                subject_id=row.id,
                customer_id=row.customer_id,
                due_at=row.billed_until,
                rank=RENEW_RANK,
                attempts=0,
            )
        )
