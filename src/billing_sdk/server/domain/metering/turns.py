"""Turns: under which of a customer's agreements it counts what the customer uses.

What names an agreement counts under that one alone. What names the customer counts under the agreement that was live
when it was used and includes the feature; of several the one that began first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from billing_sdk.server.domain.periods import Period


class Tenure(NamedTuple):
    """From when until before when an agreement that includes a feature was live; `ended_at` is None while it is."""

    started_at: datetime
    agreement_id: str
    ended_at: datetime | None


def turns_of(agreement_id: str, tenures: Iterable[Tenure], window: Period) -> tuple[Period, ...]:
    """Return the parts of a window in which what a customer uses counts under one of its agreements.

    Args:
        agreement_id: which one.
        tenures: those of all the customer's agreements that include the feature, that one among them.
        window: from its start to before its end.
    """
    free: tuple[Period, ...] = (window,)
    for tenure in sorted(tenures, key=lambda one: one[:2]):
        end = window.end if tenure.ended_at is None else tenure.ended_at
        held = Period(tenure.started_at, max(tenure.started_at, end))
        if tenure.agreement_id == agreement_id:
            return tuple(part for whole in free if (part := whole.within(held)) is not None)
        free = tuple(rest for whole in free for rest in _without(whole, held))
    return ()


def _without(whole: Period, held: Period) -> tuple[Period, ...]:
    taken = whole.within(held)
    if taken is None:
        return (whole,)
    rests = (Period(whole.start, taken.start), Period(taken.end, whole.end))
    return tuple(rest for rest in rests if rest.start < rest.end)
