"""The database itself keeps usage events, their keys and their trail from being deleted."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = ("usage_events", "usage_keys", "usage_corrections")
REFUSAL = "usage is never deleted"


def upgrade() -> None:
    """Refuse deletions; on PostgreSQL the partitions of a table refuse with it, also those that are made later."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(
            "CREATE FUNCTION usage_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    for table in TABLES:
        what = (
            "FOR EACH ROW EXECUTE FUNCTION usage_is_never_deleted()"
            if is_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} {what}")
