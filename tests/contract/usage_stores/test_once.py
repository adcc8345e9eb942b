"""Events are recorded once, for ever, and the first one wins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.metering import value_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores import fingerprint_of
from tests.metering import DAY, NOON, event, measured, meter

TOKENS = meter()
TODAY = Period(DAY, DAY + timedelta(days=1))


@pytest.fixture
def record(store):
    """Record events in a transaction of their own."""

    def recording(*events, meters=(TOKENS,)):
        with store.begin() as log:
            return log.append(measured(events, meters), meters)

    return recording


def test_an_event_is_recorded_and_found_as_it_was(store, record):
    sent = event("1", Decimal("2.50"), model="large")

    [answer] = record(sent)

    with store.begin(read_only=True) as log:
        stored = log.find("app", "1")
    assert (answer.outcome, answer.recorded_at) == ("accepted", NOON)
    as_sent = sent._replace(fingerprint=fingerprint_of(sent))
    assert (stored.event, stored.is_cancelled, stored.corrections) == (as_sent, False, ())


def test_a_duplicate_gets_the_first_answer_and_counts_once(store, record):
    record(event("1", 5))

    later = event("1", 5, recorded_at=NOON + timedelta(days=400))
    [answer] = record(later)

    assert (answer.outcome, answer.recorded_at) == ("duplicate", NOON)
    with store.begin(read_only=True) as log:
        [hour] = log.hours(TOKENS, TODAY)
    assert (hour.bucket.count, value_of(hour.bucket, "sum", TODAY)) == (1, 5)


def test_the_same_id_of_another_source_is_another_event(store, record):
    record(event("1", 5))

    [answer] = record(event("1", 7, source="other"))

    assert answer.outcome == "accepted"


def test_something_else_with_the_same_key_is_a_conflict_and_counts_for_nothing(store, record):
    answers = record(event("1", 5), event("1", 6), event("1", 5), event("2", 1))

    assert [one.outcome for one in answers] == ["accepted", "conflict", "duplicate", "accepted"]
    with store.begin(read_only=True) as log:
        [hour] = log.hours(TOKENS, TODAY)
        assert log.find("app", "1").event.data == {"value": 5}
    assert hour.bucket.total == 6


def test_of_a_thousand_events_those_that_are_new_count(store, record):
    record(*(event(f"{number}\\\t", 1, note="a\\b\n") for number in range(0, 300, 3)))

    answers = record(*(event(f"{number}\\\t", 1, note="a\\b\n") for number in range(300)))

    assert [one.outcome for one in answers] == ["duplicate", "accepted", "accepted"] * 100
    with store.begin(read_only=True) as log:
        [hour] = log.hours(TOKENS, TODAY)
        stored = log.find("app", "1\\\t")
    assert (hour.bucket.count, hour.bucket.total) == (300, 300)
    assert stored.event.data == {"value": 1, "note": "a\\b\n"}


def test_what_is_not_committed_has_never_been(store, record):
    def fail() -> None:
        with store.begin() as log:
            log.append(measured([event("1", 5)], [TOKENS]), [TOKENS])
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    [answer] = record(event("1", 6))

    assert answer.outcome == "accepted"
    with store.begin(read_only=True) as log:
        [hour] = log.hours(TOKENS, TODAY)
    assert (hour.bucket.count, hour.bucket.total) == (1, 6)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_transaction_that_fails_ends_its_turn(store, record):
    def fail() -> None:
        with store.begin() as log:
            log.append(measured([event("1", 5)], []), [TOKENS])
            raise InterruptedError

    for _ in range(3):
        with pytest.raises(InterruptedError):
            fail()

    assert record(event("1", 5))[0].outcome == "accepted"
