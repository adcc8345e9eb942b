"""One-off charges: what they may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import one_off_line
from billing_sdk.server.domain.periods import Period

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
YEARS = timedelta(days=3_653)


def charged(period):
    return one_off_line("Help", Money(5_000, "USD"), at=NOON, period=period)


def test_a_charge_may_pay_for_ten_years_before_and_after_the_present():
    assert charged(Period(NOON - YEARS, NOON + YEARS)).period == Period(NOON - YEARS, NOON + YEARS)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON, NOON + YEARS + timedelta(seconds=1)),
        (NOON - YEARS - timedelta(seconds=1), NOON),
        (datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), NOON),
    ],
)
def test_a_charge_for_more_than_ten_years_away_is_refused(start, end):
    with pytest.raises(InvalidRequest, match="within ten years"):
        charged(Period(start, end))
