"""What ClickHouse does not promise by itself: each event once, whole transactions, and exact roll-ups."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from billing_sdk.errors import ServerBusy
from billing_sdk.server.domain.metering import Correction
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores.clickhouse import ClickHouseUsageStore
from billing_sdk.server.storage.usage_stores.clickhouse_rows import rows_of
from billing_sdk.server.storage.usage_stores.clickhouse_schema import EVENTS
from billing_sdk.server.storage.usage_stores.documents import fingerprint_of
from billing_sdk.server.usecases.move_usage import shown
from tests.clickhouse_http import served
from tests.metering import DAY, NOON, event, measured, meter, recount
from tests.usage_histories import ALWAYS, EVERY, METERS, deeds, do

TOKENS = meter()
TODAY = Period(DAY, DAY + timedelta(days=1))
NASTY = 'it\'s {a:String}\\ \n\t\0 "é" 😀 %s'


@pytest.fixture
def database_kind():
    return "clickhouse"


@pytest.fixture
def client(store):
    return store._client


def total(log):
    return sum((hour.bucket.total for hour in log.hours(TOKENS, TODAY)), Decimal(0))


def parts(client):
    statement = f"SELECT count() FROM system.parts WHERE active AND table = '{EVENTS}' AND database = currentDatabase()"
    return client.query(statement).result_rows[0][0]


@given(what=st.lists(deeds, min_size=4, max_size=4))
@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_clickhouse_adds_up_as_sqlite_does(store, what):
    for some in what:
        do(store, some)

    with store.begin(read_only=True) as log:
        stored = list(log.events())
        for one in EVERY:
            assert shown(one, log.hours(one, ALWAYS)) == shown(one, recount(stored, one))


def test_a_transaction_is_one_part_however_many_events_and_meters_it_has(store, client):
    many = measured([event(str(number), 1) for number in range(600)], METERS)

    with store.begin() as log:
        log.append(many[:300], METERS)
        log.append(many[300:], METERS)

    assert parts(client) == 1


def test_a_batch_at_the_end_of_a_month_is_one_part(store, client):
    end = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(microseconds=1)

    with store.begin() as log:
        log.append(measured([event("1", recorded_at=end), event("2", recorded_at=end)], [TOKENS]), [TOKENS])
        log.append(measured([event("3", recorded_at=end)], [TOKENS]), [TOKENS])

    assert parts(client) == 1
    with store.begin(read_only=True) as log:
        assert [one.event.id for one in log.events()] == ["1", "2", "3"]


def test_an_insert_that_is_sent_again_counts_once(store, client):
    rows = [row for one in measured([event("1", 5)], [TOKENS]) for row in rows_of(one, 1_769_860_800_000_000)]

    for _ in range(2):
        client.insert(EVENTS, rows, column_names=rows[0]._fields, settings={"insert_deduplication_token": "the same"})

    with store.begin(read_only=True) as log:
        assert total(log) == 5


def test_what_a_transaction_records_is_seen_in_it_and_goes_where_it_fails(store):
    def record_and_fail():
        with store.begin() as log:
            log.append(measured([event("1", 5), event("2", 7)], [TOKENS]), [TOKENS])
            log.correct(Correction("app", "2", None, "a mistake", "test", NOON), [TOKENS])
            assert total(log) == 5
            assert [one.is_cancelled for one in log.events()] == [False, True]
            assert log.append(measured([event("1", 5)], [TOKENS]), [TOKENS])[0].outcome == "duplicate"
            raise RuntimeError("it went wrong")

    with pytest.raises(RuntimeError, match="went wrong"):
        record_and_fail()

    with store.begin(read_only=True) as log:
        assert list(log.events()) == []
        assert log.hours(TOKENS, TODAY) == []


def test_who_appends_waits_for_a_turn_and_who_reads_does_not(client):
    @contextmanager
    def never():
        raise ServerBusy("somebody else appends")
        yield

    store = ClickHouseUsageStore(client, never)

    with pytest.raises(ServerBusy), store.begin() as log:
        log.append(measured([event("1", 5)], [TOKENS]), [TOKENS])
    with store.begin(read_only=True) as log:
        assert (log.count(), log.hours(TOKENS, TODAY), log.find("app", "1")) == (0, [], None)


def test_any_text_is_kept_and_found_again(store):
    sent = event(NASTY, 5, source=NASTY, subject=NASTY, model=NASTY.replace("\n\t\0", ""))

    with store.begin() as log:
        log.append(measured([sent], [TOKENS]), [TOKENS])

    with store.begin(read_only=True) as log:
        found = log.find(NASTY, NASTY)
        hours = log.hours(TOKENS, TODAY, subjects=[NASTY])
    assert found.event == sent._replace(fingerprint=fingerprint_of(sent))
    assert [hour.series.subject for hour in hours] == [NASTY]
    with store.begin() as log:
        assert log.append(measured([sent], [TOKENS]), [TOKENS])[0].outcome == "duplicate"


def test_a_younger_meter_counts_what_was_there_once_however_often_it_is_asked_to(store):
    younger = meter(id="meter_younger", key="younger")
    with store.begin() as log:
        log.append(measured([event("1", 5), event("2", 7), event("3", "none")], []), [])
        log.correct(Correction("app", "2", {"value": 9}, "a mistake", "test", NOON), [TOKENS])

    for _ in range(2):
        with store.begin() as log:
            assert log.roll_up_again(younger) == 2

    with store.begin(read_only=True) as log:
        assert sum(hour.bucket.total for hour in log.hours(younger, TODAY)) == 14


def test_what_names_a_person_goes_and_what_is_counted_stays(store, client):
    with store.begin() as log:
        log.append(
            measured([event("1", 5, email="ada@example.com"), event("2", 1, subject="other")], [TOKENS]), [TOKENS]
        )
        log.correct(Correction("app", "1", {"value": 6, "email": "ada@example.com"}, "", "test", NOON), [TOKENS])

    with store.begin() as log:
        assert log.forget(["customer_1"], [TOKENS]) == 2

    with store.begin(read_only=True) as log:
        assert log.find("app", "1").event.data == {"value": 6}
        assert total(log) == 7
    assert client.query(f"SELECT count() FROM {EVENTS} WHERE data LIKE '%ada%'").result_rows == [(0,)]


def test_over_the_network_it_is_the_same(store, clickhouse_url):
    events = [event(f"{NASTY}{number}", number, source=NASTY, subject=NASTY) for number in range(600)]

    with served(clickhouse_url.removeprefix("chdb://")) as (url, statements):
        remote = ClickHouseUsageStore.open(url)
        with remote.begin() as log:
            log.append(measured(events, METERS), METERS)
        with remote.begin() as log:
            again = log.append(measured(events[:3], METERS), METERS)
            log.correct(Correction(NASTY, f"{NASTY}1", None, "a mistake", "test", NOON), METERS)
        with remote.begin(read_only=True) as log:
            seen = [shown(one, log.hours(one, TODAY, subjects=[NASTY])) for one in METERS]
        remote.close()

    assert {answer.outcome for answer in again} == {"duplicate"}
    with store.begin(read_only=True) as log:
        assert [shown(one, log.hours(one, TODAY)) for one in METERS] == seen
        assert (log.count(), log.find(NASTY, f"{NASTY}1").is_cancelled) == (600, True)
    assert sum(statement.startswith("INSERT") for statement in statements) == 2
