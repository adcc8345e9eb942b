"""Turns: under which of a customer's agreements it counts what the customer uses.

What names an agreement counts under that one alone. What names the customer counts under the agreement that was live
when it was used and included the feature then; of several the one that began first. Those whose rate cards price
the feature take no turns with others, and are handed in only with what they follow or what follows them: each charges
all of it. The very instant at which one ends is the turn of what has the feature from then on. Where nothing has, it is
the turn of the one that ends: what was used and then given up at one instant, as on a clock that stands still, is not
lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from billing_sdk.server.domain.periods import Period


class Tenure(NamedTuple):
    """A stretch of time in which an agreement was live and included a feature; there may be several of one agreement.

    Attributes:
        began_at: when the agreement began.
        since: from when on it included the feature.
        until: before when; None while it does.
        is_over: nothing follows that belongs to it, as after a pause; so its last instant may be its own, too.
    """

    began_at: datetime
    agreement_id: str
    since: datetime
    until: datetime | None
    is_over: bool = False

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.since <= at and (self.until is None or at < self.until)

    def without(self, pauses: Iterable[Period], paused_at: datetime | None) -> tuple[Tenure, ...]:
        """Return what is left of it without pauses, and without all since one that goes on."""
        found: list[Tenure] = []
        since = self.since
        for pause in sorted(pauses, key=lambda one: one.start):
            found.append(self._replace(since=since, until=min(pause.start, self.until or pause.start), is_over=False))
            since = max(since, pause.end)
        until = self.until if paused_at is None else min(paused_at, self.until or paused_at)
        is_over = self.is_over and (paused_at is None or until != paused_at)
        found.append(self._replace(since=since, until=until, is_over=is_over))
        return tuple(
            one for one in found if one.until is None or one.since < one.until + (one.is_over * datetime.resolution)
        )


def turns_of(agreement_id: str, tenures: Iterable[Tenure], window: Period) -> tuple[Period, ...]:
    """Return the parts of a window in which what a customer uses counts under one of its agreements.

    Args:
        agreement_id: which one.
        tenures: those of all the customer's agreements, that one among them; later ones matter at its end alone.
        window: from its start to before its end.
    """
    free: tuple[Period, ...] = (window,)
    turns: list[Period] = []
    for tenure in _with_last_instants(sorted(tenures, key=lambda one: one[:3])):
        end = window.end if tenure.until is None else tenure.until
        held = Period(tenure.since, max(tenure.since, end))
        if tenure.agreement_id == agreement_id:
            turns += [part for whole in free if (part := whole.within(held)) is not None]
        free = tuple(rest for whole in free for rest in _without(whole, held))
    return tuple(sorted(turns, key=lambda turn: turn.start))


def _with_last_instants(tenures: list[Tenure]) -> list[Tenure]:
    """Give each tenure that is over the very instant of its end as well, unless another one holds it.

    Of several that end at once the one that began last has it: it followed the others.
    """
    found: list[Tenure] = []
    for tenure in reversed(tenures):
        end = tenure.until if tenure.is_over else None
        if end is not None and not any(one.holds(end) for one in (*tenures, *found)):
            found.append(tenure._replace(until=end + datetime.resolution))
        else:
            found.append(tenure)
    return found[::-1]


def _without(whole: Period, held: Period) -> tuple[Period, ...]:
    taken = whole.within(held)
    if taken is None:
        return (whole,)
    rests = (Period(whole.start, taken.start), Period(taken.end, whole.end))
    return tuple(rest for rest in rests if rest.start < rest.end)
