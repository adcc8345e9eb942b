"""The database itself keeps what a plan version holds from ever changing."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Refuse updates of the content; versions that nobody has agreed to can still be deleted with their group.

    The plan's key is not among it: that of a draft can change. A migration that spells components anew drops the
    trigger first.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION plan_versions_never_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'a plan version never changes'; END $$"
        )
        op.execute(
            "CREATE TRIGGER plan_versions_never_change BEFORE UPDATE OF id, number, currency, components, created_at, "
            "cadence, trial, opening_phases, alignment, metadata ON plan_versions "
            "FOR EACH ROW EXECUTE FUNCTION plan_versions_never_change()"
        )
        return
    op.execute(
        "CREATE TRIGGER plan_versions_never_change BEFORE UPDATE OF id, number, currency, components, created_at, "
        "cadence, trial, opening_phases, alignment, metadata ON plan_versions "
        "BEGIN SELECT RAISE(ABORT, 'a plan version never changes'); END"
    )
