"""Events are recorded once, for ever, and the first one wins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.metering import value_of
from billing_sdk.server.domain.periods import Period
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
    assert (stored.event, stored.is_cancelled, stored.corrections) == (sent, False, ())


def test_a_duplicate_gets_the_first_answer_and_counts_once(store, record):
    record(event("1", 5))

    later = event("1", 5, recorded_at=NOON + timedelta(days=400))
    [answer] = record(later)

    assert (answer.outcome, answer.recorded_at) == ("duplicate", NOON)
    with store.begin(read_only=True) as log:
        [hour] = log.hours(TOKENS, TODAY)
    assert (hour.bucket.count, value_of(hour.bucket, "sum", TODAY)) == (1, 5)
