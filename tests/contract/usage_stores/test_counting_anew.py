"""What events say can change, and what is counted changes with it; what is forgotten of a person still counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.server.domain.metering import Condition, Correction, value_of
from billing_sdk.server.domain.periods import Period
from tests.metering import DAY, NOON, event, measured, meter

TOKENS = meter()
TODAY = Period(DAY, DAY + timedelta(days=1))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def log(store):
    """A log in a transaction that lasts as long as the test."""
    with store.begin() as opened:
        yield opened


def total(log, of=TOKENS):
    """Return what a meter shows for the day, whoever it was."""
    return sum(value_of(hour.bucket, of.aggregation, TODAY) for hour in log.hours(of, TODAY))


def test_a_cancelled_event_counts_no_more_and_leaves_a_trail(log):
    log.append(measured([event("1", 5), event("2", 7)], [TOKENS]), [TOKENS])

    corrected = log.correct(Correction("app", "1", None, "sent twice", "ada", NOON), [TOKENS])

    assert total(log) == 7
    assert corrected == log.find("app", "1")
    assert (corrected.is_cancelled, corrected.event.data) == (True, {"value": 5})
    assert [(one.reason, one.actor, one.at) for one in corrected.corrections] == [("sent twice", "ada", NOON)]


def test_an_amended_event_counts_as_it_stands_now(log):
    log.append(measured([event("1", 5, model="small")], [TOKENS]), [TOKENS])

    log.correct(Correction("app", "1", {"value": 6, "model": "large"}, "mistyped", "ada", NOON), [TOKENS])
    log.correct(Correction("app", "1", None, "not at all", "ada", NOON), [TOKENS])
    log.correct(Correction("app", "1", {"value": 8, "model": "large"}, "after all", "ada", NOON), [TOKENS])

    [hour] = log.hours(TOKENS, TODAY)
    assert (hour.series.dimensions, hour.bucket.total) == ((("model", "large"),), 8)
    assert [one.data for one in log.find("app", "1").corrections] == [
        {"value": 6, "model": "large"},
        None,
        {"value": 8, "model": "large"},
    ]


def test_a_total_that_is_said_late_counts_from_its_own_time_on(log):
    sent = [event("1", 5, at=NOON), event("2", 7, at=NOON + 2 * MINUTE)]
    log.append(measured(sent, [TOKENS]), [TOKENS])

    log.append(measured([event("3", 100, at=NOON + MINUTE, kind="absolute")], [TOKENS]), [TOKENS])
    assert total(log) == 107
    log.append(measured([event("4", 1, at=NOON), event("5", 2, at=NOON + 3 * MINUTE)], [TOKENS]), [TOKENS])

    assert total(log) == 109


def test_a_meter_that_was_made_later_counts_what_it_can_read_of_past_events(store):
    large = meter(id="meter_large", conditions=(Condition("$.model", "eq", ("large",)),))
    sent = [event("1", 5, model="large"), event("2", 7), event("3", "many", model="large"), event("4", type="reports")]
    with store.begin() as log:
        log.append(measured([sent[0], sent[1]], [TOKENS]), [TOKENS])
        log.append(measured([sent[2], sent[3]], []), [])
    for _ in range(2):
        with store.begin() as log:
            assert log.roll_up_again(large) == 1

    with store.begin(read_only=True) as log:
        assert (total(log, large), total(log)) == (5, 12)


def test_what_no_meter_reads_of_a_person_is_forgotten_and_all_still_counts(store):
    sent = [event("1", 5, model="large", email="ada@example.com"), event("2", 7, subject="customer_2", email="bob@b.c")]
    with store.begin() as log:
        log.append(measured(sent, [TOKENS]), [TOKENS])
    amended = {"value": 6, "model": "large", "note": "for ada@example.com"}
    with store.begin() as log:
        log.correct(Correction("app", "1", amended, "mistyped", "ada", NOON), [TOKENS])

    with store.begin() as log:
        log.forget(["customer_1"], [TOKENS])

    with store.begin() as log:
        assert "ada@example.com" not in str(log.find("app", "1"))
        assert "bob@b.c" in str(log.find("app", "2"))
        assert log.append(measured([sent[0]], [TOKENS]), [TOKENS])[0].outcome == "duplicate"
        log.roll_up_again(TOKENS)
    with store.begin(read_only=True) as log:
        assert total(log) == 13
