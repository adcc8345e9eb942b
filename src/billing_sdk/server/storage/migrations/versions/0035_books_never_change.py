"""The database itself keeps what was posted from ever changing."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("journal_entries", "postings")
REFUSAL = "what was posted never changes"


def upgrade() -> None:
    """Refuse updates; what hangs on a test clock can still be deleted with it."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(
            "CREATE FUNCTION books_never_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    for table in TABLES:
        what = (
            "FOR EACH ROW EXECUTE FUNCTION books_never_change()"
            if is_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_never_change BEFORE UPDATE ON {table} {what}")
