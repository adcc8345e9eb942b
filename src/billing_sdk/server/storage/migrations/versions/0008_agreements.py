"""Agreements know their currency, cadence, anchor and what is planned; customers have a credit balance."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LONG_AGO = sa.text("'1970-01-01 00:00:00'")
LIVE = sa.text("status IN ('trialing', 'active', 'paused')")
EMPTY: dict[str, Any] = {"quantities": {}, "add_ons": [], "discounts": []}


def upgrade() -> None:
    """Add the columns, fill them from what was agreed to before, and let a live agreement be a paused one, too."""
    _add_columns()
    _fill_agreements()
    _keep_whole_agreements_in_charges()
    op.drop_column("agreements", "interval")
    op.drop_index("uq_agreements_live", "agreements")
    op.create_index(
        "uq_agreements_live",
        "agreements",
        ["customer_id", "group_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "customer_credits",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("agreement_id", sa.String(64), nullable=True),
        sa.Column("charge_id", sa.String(64), nullable=True),
        sa.Column("invoice_id", sa.String(64), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_credits_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_customer_credits_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_credits")),
    )
    op.create_index(op.f("ix_customer_credits_customer_id"), "customer_credits", ["customer_id"])
    op.create_index(op.f("ix_customer_credits_charge_id"), "customer_credits", ["charge_id"])


def _add_columns() -> None:
    """Add columns one by one: SQLite can't make a table anew that others refer to, and knows no later NOT NULL."""
    for column in (
        sa.Column("currency", sa.String(3), nullable=False, server_default=sa.text("''")),
        sa.Column("cadence", sa.String(32), nullable=False, server_default=sa.text("''")),
        sa.Column("anchor", INSTANT, nullable=False, server_default=LONG_AGO),
        sa.Column("zone", sa.String(64), nullable=False, server_default=sa.text("'UTC'")),
        sa.Column("billed_until", INSTANT, nullable=False, server_default=LONG_AGO),
        sa.Column("trial_ends_at", INSTANT, nullable=True),
        sa.Column("cancel_at", INSTANT, nullable=True),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("next_version_id", sa.String(64), nullable=True),
        sa.Column("pending_change", sa.JSON(), nullable=True),
        sa.Column("quantities", sa.JSON(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("add_ons", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("discounts", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
    ):
        op.add_column("agreements", column)


def _fill_agreements() -> None:
    now = datetime.now(UTC)
    agreements = sa.table(
        "agreements",
        *(sa.column(name) for name in ("id", "plan_version_id", "interval", "currency", "cadence")),
        *(sa.column(name, INSTANT) for name in ("started_at", "ended_at", "anchor", "billed_until")),
    )
    currencies = _currencies()
    for row in op.get_bind().execute(sa.select(agreements)).mappings().all():
        started_at = _aware(row["started_at"])
        until = _aware(row["ended_at"]) if row["ended_at"] else now
        values = {
            "currency": currencies[row["plan_version_id"]],
            "cadence": row["interval"],
            "anchor": started_at,
            "billed_until": _end_of_period(started_at, row["interval"], until),
        }
        op.get_bind().execute(sa.update(agreements).where(agreements.c.id == row["id"]).values(**values))


def _keep_whole_agreements_in_charges() -> None:
    op.add_column("charges", sa.Column("agreement", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    names = ("id", "customer_id", "group_id", "agreement_id", "plan_key", "plan_version_id", "interval", "currency")
    charges = sa.table(
        "charges",
        *(sa.column(name) for name in names),
        sa.column("agreement_started_at", INSTANT),
        sa.column("agreement", sa.JSON()),
    )
    for row in op.get_bind().execute(sa.select(charges)).mappings().all():
        mine = sa.update(charges).where(charges.c.id == row["id"])
        op.get_bind().execute(mine.values(agreement=_agreement_of(row)))
    with op.batch_alter_table("charges") as batch:
        for name in ("agreement_id", "plan_key", "plan_version_id", "interval", "agreement_started_at"):
            batch.drop_column(name)


def _agreement_of(charge: Any) -> dict[str, Any]:
    started_at = _aware(charge["agreement_started_at"])
    later = ("ended_at", "trial_ends_at", "cancel_at", "paused_at", "next_version_id", "pending_change")
    return {
        "id": charge["agreement_id"],
        **{name: charge[name] for name in ("customer_id", "group_id", "plan_key", "plan_version_id", "currency")},
        "status": "active",
        "cadence": charge["interval"],
        "anchor": started_at.isoformat(),
        "zone": "UTC",
        "started_at": started_at.isoformat(),
        "billed_until": _end_of_period(started_at, charge["interval"], started_at).isoformat(),
        "is_unpaid": False,
        **dict.fromkeys(later),
        **EMPTY,
    }


def _currencies() -> dict[str, str]:
    versions = sa.table("plan_versions", sa.column("id"), sa.column("currency"))
    return {row.id: row.currency for row in op.get_bind().execute(sa.select(versions))}


def _end_of_period(anchor: datetime, interval: str, at: datetime) -> datetime:
    """Return the end of the period that contains an instant, counted as it was counted so far."""
    months = {"month": 1, "year": 12}[interval]
    count = max(0, (at.year - anchor.year) * 12 + at.month - anchor.month) // months
    while _later(anchor, count * months) <= at:
        count += 1
    return _later(anchor, count * months)


def _later(anchor: datetime, months: int) -> datetime:
    years, month_index = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month_index + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
