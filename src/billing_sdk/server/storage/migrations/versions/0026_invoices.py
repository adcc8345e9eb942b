"""Invoices wait, are overdue and uncollectible, and are about one agreement, several or none."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BALANCE = "credit_balance"

Row = dict[str, Any]


def upgrade() -> None:
    """Change the tables, and say of what is there what was true of all invoices so far."""
    kept = _set_aside() if op.get_bind().dialect.name == "sqlite" else {}
    _invoices()
    _lines()
    _put_back(kept)
    _agreements_of_lines()
    _lines_of_charges()


def _invoices() -> None:
    with op.batch_alter_table("invoices") as batch:
        batch.alter_column("number", type_=sa.String(64), existing_type=sa.String(32), nullable=True)
        batch.alter_column("agreement_id", existing_type=sa.String(64), nullable=True)
        batch.alter_column("status", type_=sa.String(32), existing_type=sa.String(16), existing_nullable=False)
        batch.alter_column("issued_at", existing_type=INSTANT, nullable=True)
        batch.add_column(sa.Column("created_at", INSTANT))
        batch.add_column(sa.Column("reason", sa.String(16), nullable=False, server_default="renewal"))
        for name in ("due_at", "collect_at", "send_at"):
            batch.add_column(sa.Column(name, INSTANT))
        batch.add_column(sa.Column("profile_id", sa.String(64)))
        method = sa.Column("collection_method", sa.String(32), nullable=False, server_default="charge_automatically")
        batch.add_column(method)
        batch.add_column(sa.Column("credited_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
        batch.add_column(sa.Column("replaces_id", sa.String(64)))
        batch.add_column(sa.Column("basis", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.execute("UPDATE invoices SET created_at = issued_at, due_at = issued_at")
    op.execute("UPDATE invoices SET status = 'issued' WHERE status = 'open'")
    with op.batch_alter_table("invoices") as batch:
        batch.alter_column("created_at", existing_type=INSTANT, nullable=False)


def _lines() -> None:
    with op.batch_alter_table("invoice_lines") as batch:
        batch.alter_column("plan_version_id", existing_type=sa.String(64), nullable=True)
        batch.add_column(sa.Column("agreement_id", sa.String(64)))
        batch.create_foreign_key(
            op.f("fk_invoice_lines_agreement_id_agreements"), "agreements", ["agreement_id"], ["id"]
        )


def _agreements_of_lines() -> None:
    """Charge each line under the agreement of its invoice; the balance is the customer's, and about none."""
    columns = (sa.column(name, sa.String()) for name in ("invoice_id", "component_id", "agreement_id"))
    lines = sa.table("invoice_lines", *columns)
    invoices = sa.table("invoices", sa.column("id", sa.String()), sa.column("agreement_id", sa.String()))
    its = sa.select(invoices.c.agreement_id).where(invoices.c.id == lines.c.invoice_id).scalar_subquery()
    op.execute(sa.update(lines).where(lines.c.component_id != BALANCE).values(agreement_id=its))
    op.create_index("ix_invoice_lines_agreement_id", "invoice_lines", ["agreement_id", "period_end"])


def _lines_of_charges() -> None:
    charges = sa.table(
        "charges", sa.column("id", sa.String()), sa.column("agreement", sa.JSON()), sa.column("lines", sa.JSON())
    )
    bind = op.get_bind()
    for row in bind.execute(sa.select(charges)).all():
        lines = [
            {**line, "agreement_id": None if line["component_id"] == BALANCE else row.agreement["id"]}
            for line in row.lines
        ]
        bind.execute(sa.update(charges).where(charges.c.id == row.id).values(lines=lines))


def _set_aside() -> dict[str, list[Row]]:
    """Take the rows that refer to invoices out of the way: SQLite puts that table in place anew."""
    bind = op.get_bind()
    inspector = sa.inspect(bind)
    kept: dict[str, list[Row]] = {}
    for name in inspector.get_table_names():
        if any(key["referred_table"] == "invoices" for key in inspector.get_foreign_keys(name)):
            table = sa.Table(name, sa.MetaData(), autoload_with=bind)
            kept[name] = [dict(row) for row in bind.execute(sa.select(table)).mappings()]
            bind.execute(sa.delete(table))
    return kept


def _put_back(kept: dict[str, list[Row]]) -> None:
    bind = op.get_bind()
    for name, rows in kept.items():
        if rows:
            bind.execute(sa.insert(sa.Table(name, sa.MetaData(), autoload_with=bind)), rows)
