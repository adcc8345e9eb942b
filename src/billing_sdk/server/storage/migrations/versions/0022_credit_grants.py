"""Credit that pays for usage: grants, what has moved of them, and when a customer wants more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
GRANT_RANK = 45


def upgrade() -> None:
    """Add the tables; plans that grant credit begin to do so with the next period of each agreement."""
    _create_grants()
    op.create_table(
        "credit_movements",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(64), sa.ForeignKey("credit_grants.id"), nullable=False),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("invoice_id", sa.String(64)),
        sa.Column("line", sa.Integer()),
        sa.Column("charge_id", sa.String(64)),
    )
    for column in ("grant_id", "invoice_id", "charge_id"):
        op.create_index(f"ix_credit_movements_{column}", "credit_movements", [column])
    op.create_index("ix_credit_movements_customer", "credit_movements", ["customer_id", "id"])
    op.create_table(
        "credit_settings",
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("threshold_minor", sa.BigInteger(), nullable=False),
        sa.Column("top_up_minor", sa.BigInteger()),
        sa.Column("stopped_at", INSTANT),
        sa.Column("told", sa.String(16)),
    )
    _set_timers()


def _create_grants() -> None:
    op.create_table(
        "credit_grants",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("left_minor", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("applies_to", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("agreement_id", sa.String(64)),
        sa.Column("component", sa.String(520)),
        sa.Column("interval_start", INSTANT),
        sa.Column("ends_with_agreement", sa.Boolean(), nullable=False),
        sa.Column("invoice_id", sa.String(64)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("voided_at", INSTANT),
        sa.CheckConstraint("left_minor >= 0 AND left_minor <= amount_minor", name=op.f("ck_credit_grants_left")),
        sa.UniqueConstraint("agreement_id", "component", "interval_start"),
    )
    op.create_index("ix_credit_grants_customer_id", "credit_grants", ["customer_id"])
    op.create_index("ix_credit_grants_invoice_id", "credit_grants", ["invoice_id"])
    op.create_index(
        "ix_credit_grants_left",
        "credit_grants",
        ["customer_id"],
        sqlite_where=sa.text("left_minor > 0"),
        postgresql_where=sa.text("left_minor > 0"),
    )


def _set_timers() -> None:
    """Have credit granted where a plan, an add-on or what they are to become has any to grant."""
    columns = (sa.column("components", sa.JSON()), sa.column("opening_phases", sa.JSON()))
    versions = sa.table("plan_versions", sa.column("id", sa.String()), *columns)
    attachments = sa.table("attachments", sa.column("plan_version_id", sa.String()), sa.column("kind", sa.String()))
    agreements = sa.table(
        "agreements",
        *(sa.column(name, sa.String()) for name in ("id", "customer_id", "status", "plan_version_id")),
        sa.column("add_ons", sa.JSON()),
        sa.column("billed_until", INSTANT),
    )
    customers = sa.table("customers", sa.column("id", sa.String()), sa.column("clock_id", sa.String()))
    timers = sa.table(
        "timers",
        *(sa.column(name, sa.String()) for name in ("id", "clock_id", "kind", "subject_id", "customer_id")),
        sa.column("due_at", INSTANT),
        *(sa.column(name, sa.Integer()) for name in ("rank", "attempts")),
    )
    bind = op.get_bind()
    attached = sa.select(attachments.c.plan_version_id).where(attachments.c.kind == "service_action")
    granting = set(bind.execute(attached).scalars())
    for version in bind.execute(sa.select(versions)).all():
        phases = [version.components, *(phase["components"] for phase in version.opening_phases)]
        if any(component.get("kind") == "credit_grant" for components in phases for component in components):
            granting.add(version.id)
    live = (
        sa.select(agreements, customers.c.clock_id)
        .join(customers, customers.c.id == agreements.c.customer_id)
        .where(agreements.c.status == "active")
    )
    for row in bind.execute(live).all():
        if not granting & {row.plan_version_id, *(one["plan_version_id"] for one in row.add_ons)}:
            continue
        bind.execute(
            sa.insert(timers).values(
                id=f"timer_g{row.id.removeprefix('agreement_')}",
                clock_id=row.clock_id,
                kind="grant_credit",
                subject_id=row.id,
                customer_id=row.customer_id,
                due_at=row.billed_until,
                rank=GRANT_RANK,
                attempts=0,
            )
        )
