"""The first schema."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import op

from billing_sdk.server.ids import new_id, new_org_code
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.identity import organizations, permissions, role_permissions, roles

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
    metadata.create_all(op.get_bind())
    _refuse_changes_of_the_audit()
    _insert_what_every_server_needs()


def downgrade() -> None:
    metadata.drop_all(op.get_bind())


def _insert_what_every_server_needs() -> None:
    default = {"code": new_org_code(), "name": "Default", "is_default": True, "created_at": datetime.now(UTC)}
    granted = [{"id": new_id("perm"), "key": key, "name": name} for key, name in SYSTEM_PERMISSIONS.items()]
    role = {"id": new_id("role"), "key": "billing_admin", "name": "Billing admin", "is_creator": True}
    op.bulk_insert(organizations, [default])
    op.bulk_insert(permissions, granted)
    op.bulk_insert(roles, [role])
    op.bulk_insert(role_permissions, [{"role_id": role["id"], "permission_id": row["id"]} for row in granted])


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
