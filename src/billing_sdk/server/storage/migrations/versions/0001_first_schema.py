"""The first schema, and what every server needs before anybody has done anything."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.ids import new_id, new_org_code
from billing_sdk.server.storage.migrations.first_schema import billing, catalog, identity, oidc, outbox, visits

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SYSTEM_PERMISSIONS = {
    "org:read:billing": "Read what the organization pays",
    "org:write:billing": "Manage what the organization pays",
    "org:write:members": "Manage the members of the organization",
}


def upgrade() -> None:
    """Create the tables, each part after those that it refers to."""
    for part in (identity, catalog, billing, visits, oidc, outbox):
        part.create()
    _refuse_changes_of_the_audit()
    _insert_default_organization()
    _insert_billing_admin()


def _refuse_changes_of_the_audit() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit records are append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_records "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_append_only_{verb.lower()} BEFORE {verb} ON audit_records "
            "BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END"
        )


def _insert_default_organization() -> None:
    organizations = sa.table(
        "organizations",
        sa.column("code", sa.String),
        sa.column("name", sa.Text),
        sa.column("is_default", sa.Boolean),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    row = {"code": new_org_code(), "name": "Default", "is_default": True, "created_at": datetime.now(UTC)}
    op.bulk_insert(organizations, [row])


def _insert_billing_admin() -> None:
    """Insert the system permissions, and the role that lets creators of organizations manage their billing."""
    permissions = [{"id": new_id("perm"), "key": key, "name": name} for key, name in SYSTEM_PERMISSIONS.items()]
    role = {"id": new_id("role"), "key": "billing_admin", "name": "Billing admin", "is_creator": True}
    granted = [{"role_id": role["id"], "permission_id": permission["id"]} for permission in permissions]
    op.bulk_insert(_table("permissions", "id", "key", "name"), permissions)
    op.bulk_insert(_table("roles", "id", "key", "name", "is_creator"), [role])
    op.bulk_insert(_table("role_permissions", "role_id", "permission_id"), granted)


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(
        name, *(sa.column(column, sa.Boolean if column.startswith("is_") else sa.Text) for column in columns)
    )
