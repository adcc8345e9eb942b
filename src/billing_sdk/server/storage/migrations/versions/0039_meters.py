"""What is measured is a thing of its own: each metered feature that there is gets a meter that adds its usage up."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

FEATURES = sa.table("features", sa.column("id"), sa.column("key"), sa.column("name"), sa.column("type"))


def upgrade() -> None:
    """Add the table, and the meters of the features."""
    meters = op.create_table(
        "meters",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("event_type", sa.String(255), nullable=False),
        sa.Column("aggregation", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value_path", sa.String(255)),
        sa.Column("dimensions", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("late_seconds", sa.Integer()),
        sa.Column("early_seconds", sa.Integer(), nullable=False),
        sa.Column("unknown_subjects", sa.String(16), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meters")),
        sa.UniqueConstraint("key", name=op.f("uq_meters_key")),
    )
    op.create_index(op.f("ix_meters_event_type"), "meters", ["event_type"])
    op.add_column("features", sa.Column("meter_key", sa.String(255)))
    now = datetime.now(UTC)
    found = op.get_bind().execute(sa.select(FEATURES).where(FEATURES.c.type == "metered")).mappings().all()
    rows = [
        {
            "id": "meter_" + feature["id"].removeprefix("feature_"),
            "key": feature["key"],
            "name": feature["name"],
            "event_type": feature["key"],
            "aggregation": "sum",
            "created_at": now,
            "value_path": "$.value",
            "dimensions": [["*", "$.dimensions"]],
            "conditions": [],
            "early_seconds": 300,
            "unknown_subjects": "refuse",
        }
        for feature in found
    ]
    if rows:
        op.bulk_insert(meters, rows)
