"""How long a charge waits before its gateway is asked again, and when nobody waits any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.domain.invoicing import Awaits

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("reason", "waited", "rest"),
    [
        ("processing", hours(0), hours(1)),
        ("processing", hours(0.9), hours(1)),
        ("processing", hours(1), hours(6)),
        ("finalization", hours(23), hours(6)),
        ("payment", hours(24), hours(24)),
        ("mismatch", hours(24 * 30), hours(24)),
        ("gateway", timedelta(0), timedelta(seconds=30)),
        ("gateway", timedelta(seconds=30), timedelta(seconds=30)),
        ("gateway", timedelta(seconds=60), timedelta(seconds=60)),
        ("gateway", timedelta(minutes=40), timedelta(minutes=40)),
        ("gateway", hours(9), hours(1)),
        ("authentication", hours(0), hours(23)),
        ("authentication", hours(20), hours(3)),
        ("authentication", hours(24), hours(0)),
    ],
)
def test_the_longer_it_waits_the_longer_it_rests(reason, waited, rest):
    assert Awaits(reason, NOON).rest(NOON + waited) == rest


@pytest.mark.parametrize(
    ("reason", "waited", "is_given_up"),
    [
        ("authentication", hours(22.99), False),
        ("authentication", hours(23), True),
        ("processing", hours(1_000), False),
        ("mismatch", hours(1_000), False),
    ],
)
def test_nobody_waits_longer_than_23_hours_for_a_confirmation(reason, waited, is_given_up):
    assert Awaits(reason, NOON).is_given_up(NOON + waited) is is_given_up
