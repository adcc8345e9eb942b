"""Usage events, the keys that tell them apart, and what each hour of them comes to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Ids are told apart byte by byte, whatever the language of the database.
ID = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")

# PostgreSQL only. The server's user may not create tables, so the schema's owner lends it this one shape of them. A
# table that is attached, rather than created as a partition, keeps nobody waiting who reads the others.
MAKE_PARTITION = """
    CREATE FUNCTION make_usage_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        first date := date_trunc('month', month)::date;
        next date := (first + interval '1 month')::date;
        name text := 'usage_events_' || to_char(first, 'YYYYMM');
    BEGIN
        IF first < date '2000-01-01' OR first >= date '2100-01-01' THEN
            RAISE EXCEPTION 'there is no partition of its own for %', first;
        END IF;
        PERFORM pg_advisory_xact_lock(0x75736167);
        IF to_regclass('public.' || name) IS NOT NULL THEN
            RETURN;
        END IF;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.usage_events INCLUDING ALL)', name);
        EXECUTE format(
            'ALTER TABLE public.usage_events ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)',
            name,
            extract(epoch FROM first::timestamp)::bigint * 1000000,
            extract(epoch FROM next::timestamp)::bigint * 1000000
        );
    END $$
"""


def upgrade() -> None:
    """Create the tables; what counts usage already goes on as it is."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    places = op.create_table(
        "usage_places",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("last_token", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_places")),
    )
    op.bulk_insert(places, [{"id": 1, "place": 0}])
    op.create_table(
        "usage_names",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_usage_names")),
        sa.UniqueConstraint("digest", name=op.f("uq_usage_names_digest")),
    )
    op.create_table(
        "usage_keys",
        sa.Column("source_no", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_no", "id", name=op.f("pk_usage_keys")),
        sqlite_with_rowid=False,
    )
    _create_events(is_postgresql=is_postgresql)
    op.create_table(
        "usage_corrections",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_usage_corrections")),
    )
    op.create_index(op.f("ix_usage_corrections_event_number"), "usage_corrections", ["event_number"])
    _create_roll_ups()


def _create_events(*, is_postgresql: bool) -> None:
    key = ["number", "counted_at"] if is_postgresql else ["number"]
    op.create_table(
        "usage_events",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("source_no", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("type_no", sa.Integer(), nullable=False),
        sa.Column("subject_no", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("is_absolute", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_usage_events")),
        postgresql_partition_by="RANGE (counted_at)",
    )
    op.create_index("ix_usage_events_hour", "usage_events", ["hour", "subject_no"])
    if is_postgresql:
        op.execute("CREATE TABLE usage_events_other PARTITION OF usage_events DEFAULT")
        op.execute(MAKE_PARTITION)


def _create_roll_ups() -> None:
    series = ("meter_no", "hour", "subject_no", "dimensions_no")
    op.create_table(
        "usage_hours",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in series),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("is_reset", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_usage_hours")),
        sa.UniqueConstraint(*series, name=op.f("uq_usage_hours_meter_no_hour_subject_no_dimensions_no")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_usage_hours_subject", "usage_hours", ["meter_no", "subject_no", "hour"])
    is_reset = sa.text("is_reset")
    op.create_index(
        "ix_usage_hours_reset",
        "usage_hours",
        ["hour", "meter_no", "subject_no"],
        sqlite_where=is_reset,
        postgresql_where=is_reset,
    )
    op.create_table(
        "usage_values",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in series),
        sa.Column("value", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint(*series, "value", name=op.f("pk_usage_values")),
        sqlite_with_rowid=False,
    )
