"""Events of a subject are found by a table that grows by thousands of them; what an event said follows from its row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

COMPARE_CONTENT = sa.text("""
    UPDATE usage_events SET fingerprint = :nothing
    WHERE source_no IN (SELECT number FROM usage_names WHERE name LIKE 'agreement/%')
""")


def upgrade() -> None:
    """Fill the table in place of the index; what was told of agreements is compared as all other events are."""
    op.add_column("usage_events", sa.Column("is_timed", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    op.get_bind().execute(COMPARE_CONTENT, {"nothing": b""})
    op.create_table(
        "usage_by_hour",
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("subject_no", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "subject_no", "number", name=op.f("pk_usage_by_hour")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO usage_by_hour SELECT hour, subject_no, number FROM usage_events ORDER BY 1, 2, 3")
    op.drop_index("ix_usage_events_hour", table_name="usage_events")
    op.add_column("usage_places", sa.Column("indexed", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE usage_places SET indexed = place")
