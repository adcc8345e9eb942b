"""Periods: the stretches of time that an agreement is charged for."""

from __future__ import annotations

import calendar
from datetime import datetime
from typing import Literal

from billing_sdk.server.domain.periods import Period

Interval = Literal["month", "year"]
MONTHS: dict[Interval, int] = {"month": 1, "year": 12}


def period_at(anchor: datetime, interval: Interval, at: datetime) -> Period:
    """Return the period that contains `at`, counted from the anchor.

    Every boundary is computed from the anchor itself, so a 31st that a short month clamps to its last day comes
    back in the next long one.
    """
    step = MONTHS[interval]
    months = max(0, (at.year - anchor.year) * 12 + at.month - anchor.month)
    index = months // step
    if index and _shifted(anchor, index * step) > at:
        index -= 1
    return Period(_shifted(anchor, index * step), _shifted(anchor, (index + 1) * step))


def _shifted(anchor: datetime, months: int) -> datetime:
    years, month_index = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month_index + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))
