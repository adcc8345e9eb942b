"""Readings are usage events: one store and one way to count, whatever reports what was used."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.domain.metering import MeasuredEvent, Meter, Reading, told
from billing_sdk.server.storage.meters import MeterRepository
from billing_sdk.server.storage.tables import Instant, Quantity
from billing_sdk.server.storage.usage_stores.sql import SqlUsageLog

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
READINGS = sa.table(
    "readings",
    sa.column("id", sa.String),
    sa.column("agreement_id", sa.String),
    sa.column("feature_key", sa.String),
    sa.column("kind", sa.String),
    sa.column("value", Quantity),
    sa.column("used_at", Instant),
    sa.column("recorded_at", Instant),
    sa.column("counted_at", Instant),
    sa.column("idempotency_key", sa.String),
    sa.column("dimensions", sa.JSON),
)


def upgrade() -> None:
    """Move the readings into the usage store, whose roll-ups take the place of the totals of periods.

    What a reading came to is written as it is for every event, by the store itself: there is no second way to count.
    """
    connection = op.get_bind()
    log = SqlUsageLog(connection)
    meters: dict[str, Meter] = {}
    for rows in _readings(connection):
        keys = {row["feature_key"] for row in rows} - meters.keys()
        meters |= MeterRepository(connection).of_features(keys)
        log.append([_event_of(row, meters[row["feature_key"]]) for row in rows], tuple(meters.values()))
    op.drop_table("usage_totals")
    op.drop_table("readings")


def _readings(connection: sa.Connection) -> Iterator[list[sa.RowMapping]]:
    """Yield the readings in the order in which they were recorded, some at a time."""
    place = sa.tuple_(READINGS.c.recorded_at, READINGS.c.id)
    query = sa.select(READINGS).order_by(READINGS.c.recorded_at, READINGS.c.id).limit(AT_ONCE)
    rows = list(connection.execute(query).mappings())
    while rows:
        yield rows
        last = sa.tuple_(sa.literal(rows[-1]["recorded_at"], Instant), sa.literal(rows[-1]["id"]))
        rows = list(connection.execute(query.where(place > last)).mappings())


def _event_of(row: sa.RowMapping, meter: Meter) -> MeasuredEvent:
    reading = Reading(
        id=row["idempotency_key"] or row["id"],
        agreement_id=row["agreement_id"],
        feature_key=row["feature_key"],
        kind=row["kind"],
        value=row["value"],
        used_at=row["used_at"],
        recorded_at=row["recorded_at"],
        counted_at=row["counted_at"],
        dimensions=tuple((name, value) for name, value in row["dimensions"] or ()),
    )
    event = told(reading, meter)
    measured = meter.measure(event.data)
    return MeasuredEvent(event, () if measured is None else (measured,))
