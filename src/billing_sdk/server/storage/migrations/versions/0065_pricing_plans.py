"""Plans billed at the cadence of each customer, prices that agree about tax, and items that are charged once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.storage.tables import Instant

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

FIRST_ATTACHED = """
UPDATE attachments SET created_at = (
    SELECT min(v.created_at) FROM plan_versions v JOIN attachments a ON a.plan_version_id = v.id
    WHERE a.id = attachments.id
)
"""
NEVER_CHANGES = (
    "CREATE TRIGGER plan_versions_never_change BEFORE UPDATE OF id, number, currency, components, created_at, cadence, "
    "trial, opening_phases, alignment, metadata, is_billed_by_customer ON plan_versions "
)


def upgrade() -> None:
    """Whatever there is keeps its own cadence; an attachment is as old as the first version that has it."""
    no = sa.text("false")
    op.add_column("plan_versions", sa.Column("is_billed_by_customer", sa.Boolean(), nullable=False, server_default=no))
    _guard_the_new_column()
    op.add_column("plans", sa.Column("tax_behavior", sa.String(16)))
    op.add_column(
        "metered_items", sa.Column("shown_dimensions", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("attachments", sa.Column("created_at", Instant))
    op.execute(FIRST_ATTACHED)
    with op.batch_alter_table("attachments") as batch:
        batch.alter_column("created_at", existing_type=Instant, nullable=False)
    op.create_table(
        "one_time_items",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.String(100)),
        sa.Column("unit_label", sa.Text(), nullable=False),
        sa.Column("lookup_key", sa.String(200), unique=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )


def _guard_the_new_column() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER plan_versions_never_change ON plan_versions")
        op.execute(NEVER_CHANGES + "FOR EACH ROW EXECUTE FUNCTION plan_versions_never_change()")
        return
    op.execute("DROP TRIGGER plan_versions_never_change")
    op.execute(NEVER_CHANGES + "BEGIN SELECT RAISE(ABORT, 'a plan version never changes'); END")
