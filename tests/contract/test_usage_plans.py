"""On PostgreSQL whoever asks for some events does not have all of them looked through, analysed or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event as events_of, text

from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores.postgres_append import FIND_KEYS
from billing_sdk.server.storage.usage_stores.writer import EVENT_COLUMNS
from tests.metering import event, measured, meter

TOKENS = meter()
START = datetime(2027, 5, 1, tzinfo=UTC)
MONTH = Period(START, START + timedelta(days=31))
FULL = "Seq Scan on usage_events_202705"
STORED = 30_000
FILL = (
    "INSERT INTO usage_names SELECT 9 + n, decode(md5(n::text), 'hex'), 'other_' || n FROM generate_series(1, 1000) n",
    f"""
    INSERT INTO usage_events ({", ".join(EVENT_COLUMNS)})
    SELECT 1 + n, source_no, id || n, type_no, 10 + n % 1000, hour + n / 50, counted_at + n / 50 * 3600000000, time,
           recorded_at, is_absolute, is_timed, fingerprint, data
    FROM usage_events, generate_series(1, :stored) AS n
    """,
    "INSERT INTO usage_keys SELECT source_no, id, number FROM usage_events WHERE number > 1",
    "INSERT INTO usage_by_hour SELECT hour, subject_no, number FROM usage_events WHERE number <= :stored - 500",
    "UPDATE usage_places SET place = 1 + :stored, indexed = :stored - 500",
)
QUESTIONS = {
    "all of a customer's": lambda log: list(log.events(subjects=["customer_1"], limit=100)),
    "a customer's of a month": lambda log: list(log.events(MONTH, subjects=["customer_1"])),
    "one": lambda log: log.find("app", "1"),
    "what has changed": lambda log: log.changes(after=STORED - 1_000, limit=1_000),
    "sent again": lambda log: log.append(measured([event("1", at=START)], [TOKENS]), [TOKENS]),
}


@pytest.fixture
def store(engine):
    """A store with many events, most of which the table by hours leads to."""
    with engine.database.usage.begin() as log:
        log.append(measured([event("1", at=START)], [TOKENS]), [TOKENS])
    with engine.database.usage._engine.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"stored": STORED})
    return engine.database.usage


@pytest.mark.postgres
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_events_are_found_without_looking_through_all_of_them(store):
    asked = []
    events_of.listen(store._engine, "before_cursor_execute", lambda _c, _u, *sent: asked.append(sent[:2]))
    found = {}
    for is_analysed in (False, True):
        with store._engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE" if is_analysed else "SELECT 1")
        for name, question in QUESTIONS.items():
            asked.clear()
            with store.begin() as log:
                question(log)
            with store._engine.connect() as connection:
                plans = [
                    connection.exec_driver_sql(f"EXPLAIN {sql}", given).scalars().all()
                    for sql, given in asked.copy()
                    if "usage_events" in sql and "COPY" not in sql
                ]
            assert plans
            found[name, is_analysed] = [line for plan in plans for line in plan if FULL in line]

        with store._engine.connect() as connection:
            ids = ["1", *(f"1{number}" for number in range(1, 1_000))]
            keys = connection.exec_driver_sql(f"EXPLAIN {FIND_KEYS}", ([2] * 1_000, ids)).scalars().all()
            found["keys", is_analysed] = [line for line in keys if "Seq Scan on usage_keys" in line]

    assert set(map(tuple, found.values())) == {()}, found
