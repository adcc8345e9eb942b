"""The catalogue grows: prices of every model, cadences, trials, phases, live versions, languages, billing settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CONTENT = ("display_name", "description", "features_heading", "features", "highlight_label", "call_to_action")


def upgrade() -> None:
    """Add columns and the settings, and bring the rows that there are into today's form."""
    _add_columns()
    _one_default_of_each_scope()
    _rewrite("plan_versions", "components", _component)
    _rewrite("pricing_tables", "cards", _card)
    _take_over_cadences()
    _make_newest_versions_live()
    op.drop_column("plans", "interval")
    op.create_index("uq_plans_lookup_key", "plans", ["lookup_key"], unique=True)
    op.create_table(
        "billing_settings",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("default_currency", sa.String(3), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("alignment", sa.String(16), nullable=False),
        sa.Column("show_pricing_table_at_sign_up", sa.Boolean(), nullable=False),
        sa.Column("unpaid_usage", sa.String(16), nullable=False),
        sa.Column("unused_days", sa.String(16), nullable=False),
        sa.Column("proration", sa.String(16), nullable=False),
        sa.Column("zero_usage_flat_fee", sa.String(16), nullable=False),
        sa.Column("rounding", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_settings")),
    )


def _add_columns() -> None:
    op.add_column("features", sa.Column("max_units", sa.Integer()))
    op.add_column("features", _text("line_description", sa.Text()))
    op.add_column("plan_groups", sa.Column("position", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("plans", _text("kind", sa.String(16), "plan"))
    op.add_column("plans", sa.Column("live_version_id", sa.String(64)))
    op.add_column("plans", sa.Column("lookup_key", sa.String(255)))
    op.add_column("plans", _text("metadata", sa.JSON(), "{}"))
    op.add_column("plan_versions", _text("cadence", sa.String(16), "month"))
    op.add_column("plan_versions", sa.Column("trial", sa.JSON()))
    op.add_column("plan_versions", _text("opening_phases", sa.JSON(), "[]"))
    op.add_column("plan_versions", _text("alignment", sa.String(16), "anniversary"))
    op.add_column("plan_versions", _text("metadata", sa.JSON(), "{}"))
    op.add_column("pricing_tables", _text("scope", sa.String(16)))
    op.add_column("pricing_tables", _text("language", sa.String(35), "en"))
    op.add_column("pricing_tables", _text("heading", sa.Text()))
    op.add_column("pricing_tables", _text("headings", sa.JSON(), "{}"))


def _text(name: str, kind: Any, usual: str = "") -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=usual)


def _one_default_of_each_scope() -> None:
    """Where several groups or tables of a scope were the default, the first by its key stays it."""
    op.execute(
        "UPDATE pricing_tables SET scope = "
        "(SELECT plan_groups.scope FROM plan_groups WHERE plan_groups.id = pricing_tables.group_id)"
    )
    op.drop_index("uq_pricing_tables_default", "pricing_tables")
    for table in ("plan_groups", "pricing_tables"):
        names = ("id", "key", "scope")
        rows = sa.table(table, *(sa.column(name, sa.String) for name in names), sa.column("is_default", sa.Boolean))
        defaults = sa.select(rows.c.id, rows.c.scope).where(rows.c.is_default).order_by(rows.c.scope, rows.c.key)
        seen: set[str] = set()
        for row in op.get_bind().execute(defaults).all():
            if row.scope in seen:
                op.execute(sa.update(rows).where(rows.c.id == row.id).values(is_default=False))
            seen.add(row.scope)
        op.create_index(
            f"uq_{table}_default",
            table,
            ["scope"],
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        )


def _rewrite(table: str, column: str, convert: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    rows = sa.table(table, sa.column("id", sa.String), sa.column(column, sa.JSON))
    for row_id, stored in op.get_bind().execute(sa.select(rows.c.id, rows.c[column])).all():
        converted = [convert(item) for item in stored]
        op.execute(sa.update(rows).where(rows.c.id == row_id).values({column: converted}))


def _component(stored: dict[str, Any]) -> dict[str, Any]:
    values = dict(stored)
    match values["kind"]:
        case "licence_fee":
            price = {"model": "flat", "amount": str(values.pop("amount_minor"))}
        case "rate":
            price = {"model": "per_unit", "unit_amount": values.pop("unit_amount")}
        case _:
            return values
    return {**values, "terms": {"price": price}, "service": None, "other_currencies": []}


def _card(stored: dict[str, Any]) -> dict[str, Any]:
    content = {name: stored[name] for name in CONTENT}
    return {"plan_key": stored["plan_key"], "content": content, "translations": {}}


def _take_over_cadences() -> None:
    """Until now each plan had its interval; from now on each version has."""
    op.execute(
        "UPDATE plan_versions SET cadence = (SELECT plans.interval FROM plans WHERE plans.key = plan_versions.plan_key)"
    )


def _make_newest_versions_live() -> None:
    """Until now the newest version was what was sold."""
    op.execute(
        "UPDATE plans SET live_version_id = (SELECT plan_versions.id FROM plan_versions "
        "WHERE plan_versions.plan_key = plans.key ORDER BY plan_versions.number DESC LIMIT 1) WHERE status <> 'draft'"
    )
