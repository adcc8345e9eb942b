"""Readings, and the total of each period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, insert, select

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.metering import Dimensions, Reading, by_dimension, plus, total_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.agreed import agreement_from_row
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import agreements, readings, usage_totals
from billing_sdk.server.storage.upsert import upsert

LONGEST_PERIOD = timedelta(days=3_653)
# Of readings that are followed one by one, and are never all in memory.
ROWS_AT_A_TIME = 1_000
READING_COLUMNS = [readings.c[field.name] for field in fields(Reading)]


TOTALS_OF_MANY = select(usage_totals).where(
    usage_totals.c.agreement_id.in_(bindparam("wanted", expanding=True)),
    usage_totals.c.period_start >= bindparam("since"),
)
MARKED_OF_MANY = (
    select(readings.c.agreement_id, readings.c.feature_key)
    .where(
        readings.c.agreement_id.in_(bindparam("wanted", expanding=True)),
        readings.c.counted_at >= bindparam("since"),
        readings.c.dimensions.is_not(None),
    )
    .distinct()
)


class UsageRepository:
    """Keeps usage, in the transaction of its connection; whoever adds holds the lock on the agreement's customer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read_since: dict[str, datetime] = {}
        self._totals: dict[tuple[str, str, datetime], tuple[Decimal, datetime | None]] = {}
        self._marked: set[tuple[str, str]] = set()

    def read_ahead(self, since: Mapping[str, datetime]) -> None:
        """Read at once what was used under many agreements, each since an instant; nobody records any meanwhile.

        The caller holds the locks on their customers.
        """
        wanted = {"wanted": sorted(since), "since": min(since.values())}
        for row in self._connection.execute(TOTALS_OF_MANY, wanted):
            self._totals[row.agreement_id, row.feature_key, row.period_start] = row.total, row.reset_at
        for row in self._connection.execute(MARKED_OF_MANY, wanted):
            self._marked.add((row.agreement_id, row.feature_key))
        self._read_since.update(since)

    def find_by_idempotency_key(self, agreement_id: str, key: str) -> Reading | None:
        """Return the reading that was recorded with a key."""
        query = select(*READING_COLUMNS).where(
            readings.c.agreement_id == agreement_id, readings.c.idempotency_key == key
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def add(self, reading: Reading, period: Period, *, idempotency_key: str | None = None) -> Decimal:
        """Store a reading of a period, and return the period's total with it."""
        self._read_since.pop(reading.agreement_id, None)
        row = {**row_of(reading), "dimensions": [list(mark) for mark in reading.dimensions] or None}
        self._connection.execute(insert(readings).values(idempotency_key=idempotency_key, **row))
        before = self._find_total(reading.agreement_id, reading.feature_key, period)
        total, reset_at = self._total_with(reading, period, before)
        key = {
            "agreement_id": reading.agreement_id,
            "feature_key": reading.feature_key,
            "period_start": period.start,
        }
        changes = {"total": total, "reset_at": reset_at}
        self._connection.execute(upsert(self._connection, usage_totals, {**key, **changes}, changes))
        return total

    def total(self, agreement_id: str, feature_key: str, period: Period) -> Decimal:
        """Return how much of a feature was used in a period."""
        return self._find_total(agreement_id, feature_key, period)[0]

    def total_within(self, agreement_id: str, feature_key: str, period: Period) -> Decimal:
        """Return how much of a feature was used in a stretch of time that need not be a billing period."""
        return total_of(self._readings_between(agreement_id, feature_key, period.start, period.end))

    def marked_within(
        self, agreement_id: str, feature_key: str, period: Period
    ) -> tuple[tuple[Dimensions, Decimal], ...]:
        """Return how much of a feature was used in a stretch of time, by what the usage was marked with."""
        if self._has_read(agreement_id, period) and (agreement_id, feature_key) not in self._marked:
            return ()
        is_marked = select(readings.c.id).where(
            readings.c.agreement_id == agreement_id,
            readings.c.feature_key == feature_key,
            readings.c.counted_at >= period.start,
            readings.c.counted_at < period.end,
            readings.c.dimensions.is_not(None),
        )
        if self._connection.execute(is_marked.limit(1)).first() is None:
            return ()  # most usage is not, and its readings are many
        return by_dimension(self._readings_between(agreement_id, feature_key, period.start, period.end))

    def readings_within(
        self, agreement_id: str, feature_key: str, period: Period, *, recorded_by: datetime | None = None
    ) -> Iterator[Reading]:
        """Yield the readings that count in a stretch of time, in the order in which they count.

        Args:
            agreement_id: under which agreement.
            feature_key: of which feature.
            period: when.
            recorded_by: only those that were recorded no later than that.
        """
        query = (
            _readings(agreement_id, feature_key, period.start, period.end)
            .order_by(readings.c.counted_at, readings.c.recorded_at, readings.c.id)
            .execution_options(yield_per=ROWS_AT_A_TIME)
        )
        if recorded_by is not None:
            query = query.where(readings.c.recorded_at <= recorded_by)
        for row in self._connection.execute(query).mappings():
            yield _from_row(row)

    def totals(self, agreement_id: str, period: Period) -> dict[str, Decimal]:
        """Return how much of each feature was used in a period, by the feature's key."""
        query = select(usage_totals.c.feature_key, usage_totals.c.total).where(
            usage_totals.c.agreement_id == agreement_id, usage_totals.c.period_start == period.start
        )
        return {row.feature_key: row.total for row in self._connection.execute(query)}

    def unfinished(self, agreement: Agreement, feature_key: str, *, at: datetime) -> Decimal:
        """Return what earlier agreements of the customer for the same plan have used, in periods not over by then."""
        query = (
            select(agreements, usage_totals.c.period_start, usage_totals.c.total)
            .join(usage_totals, usage_totals.c.agreement_id == agreements.c.id)
            .where(
                agreements.c.customer_id == agreement.customer_id,
                agreements.c.plan_key == agreement.plan_key,
                agreements.c.id != agreement.id,
                usage_totals.c.feature_key == feature_key,
                usage_totals.c.period_start > at - LONGEST_PERIOD,
            )
        )
        rows = self._connection.execute(query).mappings()
        totals = (row["total"] for row in rows if agreement_from_row(row).period_at(row["period_start"]).end > at)
        return reduce(plus, totals, Decimal(0))

    def _total_with(
        self, reading: Reading, period: Period, before: tuple[Decimal, datetime | None]
    ) -> tuple[Decimal, datetime | None]:
        """Count a reading in; what lies before the newest absolute one no longer changes the total."""
        total, reset_at = before
        if reset_at is not None and reading.counted_at < reset_at:
            return total, reset_at
        if reading.kind == "delta":
            return plus(total, reading.value), reset_at
        return total_of(
            self._readings_between(reading.agreement_id, reading.feature_key, reading.counted_at, period.end)
        ), reading.counted_at

    def _readings_between(self, agreement_id: str, feature_key: str, start: datetime, end: datetime) -> list[Reading]:
        query = _readings(agreement_id, feature_key, start, end)
        return [_from_row(row) for row in self._connection.execute(query).mappings()]

    def _has_read(self, agreement_id: str, period: Period) -> bool:
        since = self._read_since.get(agreement_id)
        return since is not None and since <= period.start

    def _find_total(self, agreement_id: str, feature_key: str, period: Period) -> tuple[Decimal, datetime | None]:
        if self._has_read(agreement_id, period):
            return self._totals.get((agreement_id, feature_key, period.start), (Decimal(0), None))
        query = select(usage_totals.c.total, usage_totals.c.reset_at).where(
            and_(
                usage_totals.c.agreement_id == agreement_id,
                usage_totals.c.feature_key == feature_key,
                usage_totals.c.period_start == period.start,
            )
        )
        row: Any = self._connection.execute(query).first()
        return (Decimal(0), None) if row is None else (row.total, row.reset_at)


def _readings(agreement_id: str, feature_key: str, start: datetime, end: datetime) -> Select[Any]:
    return select(*READING_COLUMNS).where(
        readings.c.agreement_id == agreement_id,
        readings.c.feature_key == feature_key,
        readings.c.counted_at >= start,
        readings.c.counted_at < end,
    )


def _from_row(row: RowMapping) -> Reading:
    dimensions = tuple((name, value) for name, value in row["dimensions"] or ())
    return Reading(**{**row, "dimensions": dimensions})
