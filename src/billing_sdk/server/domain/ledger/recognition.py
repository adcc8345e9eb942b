"""When the revenue of a fee is earned: evenly over the time that it is for, month by month.

Revenue is recognised as the service is delivered, not when it is sold or invoiced (Stripe documentation, "How advanced
usage-based billing works", Revenue Recognition). A fee is delivered evenly, by the second, over its period.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from billing_sdk.money import Money, allocate
from billing_sdk.server.domain.ledger.entry import day_of
from billing_sdk.server.domain.periods import Period

TICK = timedelta(microseconds=1)


def straight_line(amount: Money, period: Period) -> tuple[tuple[date, int], ...]:
    """Return how much of an amount is earned in each calendar month (UTC) of a period, in minor units.

    Each share stands beside the last day of its month, or of the period, and they sum to the amount. What is for no
    time at all is earned on its day.
    """
    days, weights = _months(period)
    if len(days) == 1:
        return ((days[0], amount.minor),)
    return tuple((day, share.minor) for day, share in zip(days, allocate(amount, weights), strict=True) if share)


@lru_cache(maxsize=1024)
def _months(period: Period) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """Return the last day of each calendar month within a period, and how long the period lies in it."""
    start, end = period.start.astimezone(UTC), period.end.astimezone(UTC)
    if start >= end:
        return (day_of(start),), (1,)
    days, weights = [], []
    while start < end:
        until = min(end, next_month(start))
        days.append(last_day_before(until))
        weights.append((until - start) // TICK)
        start = until
    return tuple(days), tuple(weights)


def next_month(at: datetime) -> datetime:
    """Return when the calendar month (UTC) of an instant is over."""
    at = at.astimezone(UTC)
    return datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)


def month_begin(at: datetime) -> datetime:
    """Return when the calendar month (UTC) of an instant has begun."""
    at = at.astimezone(UTC)
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def month_begin_before(until: datetime) -> datetime:
    """Return when the calendar month (UTC) has begun that ends with an instant, or contains it."""
    return month_begin(until - TICK)


def last_day_before(until: datetime) -> date:
    """Return the day (UTC) of the last moment before an instant, to which what has ended with it counts."""
    return day_of(until - TICK)
