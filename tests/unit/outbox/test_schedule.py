"""The schedule of attempts: that of the documentation, with a little jitter, and an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from billing_sdk.server.outbox.schedule import JITTER, is_failing_too_long, next_attempt_at

START = datetime(2026, 3, 1, tzinfo=UTC)
DOCUMENTED_SECONDS = (5, 30, 120, 600, 3_600, 14_400, *[43_200] * 7)


def attempts_of(delivery_id: str) -> list[datetime]:
    """Return the times of all attempts at a delivery that always fails at once."""
    times = [START]
    while due_at := next_attempt_at(delivery_id, attempts=len(times), queued_at=START, at=times[-1]):
        times.append(due_at)
    return times


@pytest.mark.parametrize("delivery_id", ["delivery_1", "delivery_2", "delivery_3"])
def test_the_waits_are_those_of_the_documentation(delivery_id):
    times = attempts_of(delivery_id)
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert len(waits) == len(DOCUMENTED_SECONDS)
    for wait, documented in zip(waits, DOCUMENTED_SECONDS, strict=True):
        assert documented <= wait <= documented * (1 + JITTER)


@pytest.mark.attack(154)
@given(st.text(max_size=40))
def test_attempts_go_on_for_longer_than_it_takes_to_disable_an_endpoint_and_then_end(delivery_id):
    *_, last_but_one, last = attempts_of(delivery_id)
    assert timedelta(hours=72) <= last_but_one - START
    assert last - START <= timedelta(hours=120)


@pytest.mark.attack(154)
def test_an_endpoint_that_asks_for_time_again_and_again_is_not_asked_for_ever():
    at, attempts = START, 0
    while at := next_attempt_at(
        "d", attempts=(attempts := attempts + 1), queued_at=START, at=at, retry_after_seconds=43_200
    ):
        assert at - START <= timedelta(hours=120)
    assert 5 <= attempts <= len(DOCUMENTED_SECONDS)


@pytest.mark.attack(154)
def test_two_deliveries_that_fail_together_do_not_come_back_together():
    assert attempts_of("delivery_1")[1] != attempts_of("delivery_2")[1]


def test_the_same_attempt_always_waits_for_the_same_time():
    assert attempts_of("delivery_1") == attempts_of("delivery_1")


def test_an_endpoint_that_asks_for_time_gets_it():
    due_at = next_attempt_at("delivery_1", attempts=1, queued_at=START, at=START, retry_after_seconds=90)
    assert due_at == START + timedelta(seconds=90)


def test_asking_for_less_time_than_scheduled_changes_nothing():
    asked = next_attempt_at("delivery_1", attempts=4, queued_at=START, at=START, retry_after_seconds=1)
    assert asked == next_attempt_at("delivery_1", attempts=4, queued_at=START, at=START)


def test_asking_for_a_year_is_cut_to_twelve_hours():
    due_at = next_attempt_at("delivery_1", attempts=1, queued_at=START, at=START, retry_after_seconds=999_999)
    assert due_at == START + timedelta(hours=12)


def test_an_endpoint_is_left_alone_after_72_hours_of_failure_and_not_before():
    assert not is_failing_too_long(START, START + timedelta(hours=71, minutes=59))
    assert is_failing_too_long(START, START + timedelta(hours=72))
