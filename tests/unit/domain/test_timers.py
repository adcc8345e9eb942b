"""Timers and test clocks, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest

from billing_sdk.errors import ClockMovedBack, ClockOutOfRange, Conflict
from billing_sdk.server.domain.timers import (
    RANKS,
    TestClock,
    Timer,
    TimerKind,
    check_instant,
    rank_of,
    rest_after,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)
LEASE = NOON + timedelta(minutes=1)
CLOCK = TestClock("clock_1", "", NOON, NOON)


def test_every_kind_has_a_rank_of_its_own():
    assert set(RANKS) == set(get_args(TimerKind))
    assert len(set(RANKS.values())) == len(RANKS)


@pytest.mark.parametrize(
    ("first", "then"),
    [("change", "cancel"), ("cancel", "renew"), ("trial_reminder", "trial_end"), ("trial_end", "renew")],
)
def test_what_alters_an_agreement_comes_before_what_bills_it(first, then):
    assert rank_of(first) < rank_of(then)


def test_a_timer_rests_longer_after_each_failure_up_to_an_hour():
    rests = [rest_after(attempts) for attempts in range(1, 9)]

    assert all(before <= after for before, after in pairwise(rests))
    assert (rests[0], rests[-1]) == (timedelta(seconds=5), timedelta(hours=1))


def test_a_timer_tells_how_late_it_is_and_is_never_early():
    timer = Timer("timer_1", "renew", "agreement_1", "customer_1", NOON)

    assert timer.lag(NOON + timedelta(hours=2)) == timedelta(hours=2)
    assert timer.lag(NOON - timedelta(hours=2)) == timedelta()


def test_a_clock_goes_out_stops_on_the_way_and_arrives():
    out = CLOCK.set_out(LATER, now=NOON, leased_until=LEASE)
    on_its_way = out.moved(NOON + timedelta(days=1), leased_until=LEASE)
    arrived = on_its_way.arrived()

    assert (out.status, out.frozen_at, out.target_at) == ("advancing", NOON, LATER)
    assert on_its_way.frozen_at == NOON + timedelta(days=1)
    assert (arrived.status, arrived.frozen_at, arrived.target_at, arrived.leased_until) == ("ready", LATER, None, None)


@pytest.mark.attack(189)
def test_a_clock_never_goes_back():
    with pytest.raises(ClockMovedBack):
        CLOCK.set_out(NOON - timedelta(microseconds=1), now=NOON, leased_until=LEASE)

    assert CLOCK.moved(NOON - timedelta(days=1), leased_until=LEASE).frozen_at == NOON


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "2200-01-01T01:00:00+01:00"])
def test_a_clock_may_stand_anywhere_from_1970_up_to_2200(at):
    assert check_instant(datetime.fromisoformat(at)) is None


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00.000001Z", "9999-12-31T00:00:00Z"]
)
def test_a_clock_stands_nowhere_near_the_ends_of_the_calendar(at):
    with pytest.raises(ClockOutOfRange):
        check_instant(datetime.fromisoformat(at))


def test_a_clock_does_not_set_out_for_where_no_clock_may_stand():
    late = TestClock("clock_1", "", datetime(2199, 12, 31, tzinfo=UTC), NOON)

    with pytest.raises(ClockOutOfRange):
        late.set_out(datetime(2200, 1, 2, tzinfo=UTC), now=NOON, leased_until=LEASE)


def test_a_clock_that_is_moved_can_be_taken_up_by_somebody_else_once_its_mover_is_taken_for_dead():
    out = CLOCK.set_out(LATER, now=NOON, leased_until=LEASE)

    with pytest.raises(Conflict):
        out.set_out(LATER, now=NOON, leased_until=LEASE)
    again = out.set_out(LATER, now=LEASE, leased_until=LEASE + timedelta(minutes=1))
    assert (again.status, again.turn) == ("advancing", out.turn + 1)


def test_a_clock_that_stands_still_can_not_arrive():
    with pytest.raises(Conflict):
        CLOCK.arrived()
