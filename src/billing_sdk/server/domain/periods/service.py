"""Service intervals: which of them a billing date is about.

Licence fees are charged for service intervals that have started, usage for those that have completed (Stripe
documentation, "How advanced usage-based billing works", Billing interval and service interval).
"""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.periods.period import Period
from billing_sdk.server.domain.periods.schedule import Schedule


def periods_started(schedule: Schedule, after: datetime, until: datetime) -> tuple[Period, ...]:
    """Return the periods whose start lies after `after` and not after `until`, the earliest first."""
    return tuple(schedule.period(index) for index in _boundaries(schedule, after, until))


def periods_completed(schedule: Schedule, after: datetime, until: datetime) -> tuple[Period, ...]:
    """Return the periods whose end lies after `after` and not after `until`, the earliest first."""
    return tuple(schedule.period(index - 1) for index in _boundaries(schedule, after, until))


def _boundaries(schedule: Schedule, after: datetime, until: datetime) -> range:
    return range(schedule.index_at(after) + 1, schedule.index_at(until) + 1)
