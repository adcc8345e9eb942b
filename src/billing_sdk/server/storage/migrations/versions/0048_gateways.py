"""The workspace with its switch, linked accounts at payment processors, and what is known of objects there."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WORKSPACE = sa.table(
    "workspace",
    sa.column("id", sa.String),
    sa.column("gateway", sa.String),
    sa.column("billing_enabled_at", INSTANT),
    sa.column("plan_key", sa.String),
)


def upgrade() -> None:
    """Create the tables; where there are customers, billing has been on, with the gateway that there was."""
    op.create_table(
        "workspace",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("gateway", sa.String(32)),
        sa.Column("billing_enabled_at", INSTANT),
        sa.Column("plan_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
    )
    _create_apps()
    _create_remote_objects()
    for table in ("payment_methods", "charges", "payments"):
        op.add_column(table, sa.Column("gateway", sa.String(32), nullable=False, server_default="managed"))
    op.add_column("payment_methods", sa.Column("kind", sa.String(32), nullable=False, server_default="card"))
    op.add_column(
        "payment_methods",
        sa.Column("is_gateway_default", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column("charges", sa.Column("awaits", sa.JSON(none_as_null=True)))
    if op.get_bind().execute(sa.text("SELECT 1 FROM customers LIMIT 1")).first() is not None:
        op.bulk_insert(
            WORKSPACE,
            [
                {
                    "id": "workspace",
                    "gateway": "managed",
                    "billing_enabled_at": datetime.now(UTC),
                    "plan_key": "hobby",
                }
            ],
        )


def _create_apps() -> None:
    op.create_table(
        "payment_apps",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("gateway", sa.String(32), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("account_id", sa.String(64)),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("masked_api_key", sa.String(64)),
        sa.Column("webhook_endpoint_id", sa.String(64)),
        sa.Column("connection", sa.String(16), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("application_fee_percent", sa.String(40)),
        sa.Column("sealed_api_key", sa.Text()),
        sa.Column("sealed_webhook_secret", sa.Text()),
        sa.Column("sealed_refresh_token", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_apps")),
    )
    is_there = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_payment_apps_gateway",
        "payment_apps",
        ["gateway"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )


def _create_remote_objects() -> None:
    app = sa.ForeignKeyConstraint(["app_id"], ["payment_apps.id"], name=op.f("fk_remote_objects_app_id"))
    op.create_table(
        "remote_objects",
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("our_id", sa.String(255), nullable=False),
        sa.Column("remote_id", sa.String(255)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("synced_at", INSTANT),
        app,
        sa.PrimaryKeyConstraint("app_id", "kind", "our_id", name=op.f("pk_remote_objects")),
        sa.UniqueConstraint("app_id", "kind", "remote_id", name=op.f("uq_remote_objects_app_id_kind_remote_id")),
    )
    op.create_table(
        "gateway_events",
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("object_id", sa.String(255)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("handled_at", INSTANT),
        sa.Column("outcome", sa.String(64)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["payment_apps.id"], name=op.f("fk_gateway_events_app_id")),
        sa.PrimaryKeyConstraint("app_id", "event_id", name=op.f("pk_gateway_events")),
    )
    op.create_index("ix_gateway_events_handled_at", "gateway_events", ["handled_at"])
