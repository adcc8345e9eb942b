"""The first tables: what is for sale."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Create them."""
    op.create_table(
        "features",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_features")),
        sa.UniqueConstraint("key", name=op.f("uq_features_key")),
    )
    op.create_table(
        "plan_groups",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_groups")),
        sa.UniqueConstraint("key", name=op.f("uq_plan_groups_key")),
    )
    op.create_table(
        "plans",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("interval", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["plan_groups.id"], name=op.f("fk_plans_group_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_group_id"), "plans", ["group_id"], unique=False)
    op.create_table(
        "pricing_tables",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["plan_groups.id"], name=op.f("fk_pricing_tables_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_tables")),
        sa.UniqueConstraint("key", name=op.f("uq_pricing_tables_key")),
    )
    op.create_index(
        "uq_pricing_tables_default",
        "pricing_tables",
        ["group_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "plan_versions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("plan_key", sa.String(255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_key"], ["plans.key"], name=op.f("fk_plan_versions_plan_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_versions")),
        sa.UniqueConstraint("plan_key", "number", name=op.f("uq_plan_versions_plan_key_number")),
    )
