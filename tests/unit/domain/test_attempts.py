"""A few attempts are free; after these the waiting doubles, up to a bound, and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.domain.identity import Attempts, Patience

pytestmark = pytest.mark.attack(23)

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PATIENCE = Patience(free=5)


def after(count: int) -> tuple[Attempts, datetime]:
    """Return what is remembered after so many attempts, each made as soon as it was taken."""
    made, at = Attempts(0, AT), AT
    for _ in range(count):
        at += timedelta(seconds=made.wait_seconds(at))
        made = made.counted(at, PATIENCE)
    return made, at


@pytest.mark.parametrize(
    ("count", "wait_seconds"),
    [(1, 0), (4, 0), (5, 60), (6, 120), (7, 240), (8, 480), (9, 900), (10, 900), (500, 900)],
)
def test_the_waiting_doubles_after_five_attempts_up_to_a_quarter_of_an_hour(count: int, wait_seconds: int) -> None:
    made, at = after(count)
    assert made.wait_seconds(at) == wait_seconds


def test_the_waiting_is_over_at_its_end() -> None:
    made, at = after(5)
    assert made.wait_seconds(at + timedelta(seconds=59.1)) == 1
    assert made.wait_seconds(at + timedelta(seconds=60)) == 0


def test_what_was_long_ago_is_forgotten() -> None:
    made, at = after(9)
    end = at + timedelta(seconds=900)
    assert made.counted(end + timedelta(seconds=899), PATIENCE).count == 10
    assert made.counted(end + timedelta(seconds=900), PATIENCE).count == 1


def test_a_good_attempt_does_not_count_and_those_before_it_do() -> None:
    made, at = after(5)
    forgiven = made.forgiven()
    assert (forgiven.count, forgiven.wait_seconds(at)) == (4, 0)
    assert forgiven.counted(at, PATIENCE).wait_seconds(at) == 60


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    made, at = after(9)
    assert made.wait_seconds(at - timedelta(hours=1)) == 0
