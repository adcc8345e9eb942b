"""A customer's balance of a feature: usage periods one after the other, each with what the plan includes in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from itertools import accumulate
from typing import NamedTuple

from billing_sdk.money import EXACT
from billing_sdk.server.domain.entitlements.allowance import INCLUDED_PRIORITY, ZERO, AllowanceGrant
from billing_sdk.server.domain.entitlements.burn_down import (
    Reset,
    Segment,
    Standing,
    Used,
    burn_down,
    instants_of,
)
from billing_sdk.server.domain.entitlements.room import Room
from billing_sdk.server.domain.periods import Period


class Spent(NamedTuple):
    """So much of what a plan includes in a usage period was used elsewhere, and counts until an instant."""

    amount: Decimal
    until: datetime


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """A usage period of an agreement, or the part of one for which a customer's grants count.

    Attributes:
        agreement_id: whose use counts in it.
        period: from its start to its end.
        included: how much the plan includes in it.
        spent: what was used of that elsewhere: before the customer's grants counted for it, or under an earlier
            agreement for the same plan.
        keeps_overage: what was used beyond before it is taken off it.
    """

    agreement_id: str
    period: Period
    included: Decimal
    spent: tuple[Spent, ...] = ()
    keeps_overage: bool = False

    def spent_at(self, at: datetime) -> Decimal:
        """Return how much of what the plan includes counts as used elsewhere at an instant."""
        return reduce(EXACT.add, (one.amount for one in self.spent if at < one.until), ZERO)

    @property
    def grants(self) -> tuple[AllowanceGrant, ...]:
        """What the plan includes, as grants that are burnt first and end with the usage period.

        The first is what was not spent elsewhere; what was follows when that does not count any more.
        """
        start = self.period.start
        found: list[AllowanceGrant] = []
        given = ZERO
        for at in sorted({start, *(one.until for one in self.spent if self.period.contains(one.until))}):
            there_is = max(ZERO, EXACT.subtract(self.included, self.spent_at(at)))
            name = f"{self.agreement_id}/{start.isoformat()}"
            grant = AllowanceGrant(
                id=name if at == start else f"{name}/{at.isoformat()}",
                customer_id="",
                feature_key="",
                amount=EXACT.subtract(there_is, given),
                effective_at=at,
                created_at=at,
                priority=INCLUDED_PRIORITY,
                expires_at=self.period.end,
            )
            found.append(grant)
            given = there_is
        return tuple(found)

    def included_left(self, standing: Standing) -> Decimal:
        """Return what is left of what the plan includes, as everything stands."""
        return reduce(EXACT.add, (standing.balances.get(grant.id, ZERO) for grant in self.grants), ZERO)


# How much was used in a usage period from its start to before an instant.
UsedUntil = Callable[[UsagePeriod, datetime], Decimal]


def course_of(
    periods: Sequence[UsagePeriod],
    grants: Sequence[AllowanceGrant],
    used_until: UsedUntil,
    window: Period,
    *,
    opening: Standing | None = None,
    cuts: Iterable[datetime] = (),
) -> tuple[Segment, ...]:
    """Return what became of grants and of what a plan includes, usage period by usage period.

    Args:
        periods: the usage periods of the window, one after the other.
        grants: of the customer, for the feature.
        used_until: what was used in one of the periods until an instant.
        window: begins with the first of the periods.
        opening: how everything stood just before the window.
        cuts: further instants at which a segment is to end.
    """
    resets = [Reset(one.period.start, one.keeps_overage) for one in periods]
    every_grant = [*(grant for one in periods for grant in one.grants), *grants]
    instants = sorted({*instants_of(every_grant, resets, window), *cuts})
    usage = [used for one in periods for used in _used_in(one, instants, used_until, window)]
    segments: list[Segment] = []
    for part in _cut(window, cuts):
        standing = segments[-1].end if segments else opening
        segments.extend(burn_down(every_grant, usage, resets, part, opening=standing))
    return tuple(segments)


def room_in(last: UsagePeriod, standing: Standing, used: Decimal, *, is_soft: bool, at: datetime) -> Room:
    """Return the room that a usage period has.

    What may be used in it is what was used and covered, and what is left; overage of an earlier one that was kept is
    taken off.

    Args:
        last: the usage period.
        standing: how everything stands now.
        used: in the usage period.
        is_soft: use goes on beyond the limit.
        at: the customer's present.
    """
    used = EXACT.add(used, last.spent_at(at))
    limit = EXACT.add(EXACT.subtract(used, standing.overage), standing.balance)
    return Room(last.period, max(ZERO, limit), used, overage=standing.overage, is_soft=is_soft)


def _used_in(one: UsagePeriod, instants: Sequence[datetime], used_until: UsedUntil, window: Period) -> Iterator[Used]:
    """Yield what was used between the instants of a usage period, placed at the earlier one of each two.

    Where a total was reported that is less than what was counted before, too much was counted until then.
    """
    end = min(one.period.end, window.end)
    starts = [one.period.start, *(at for at in instants if one.period.start < at < end)]
    # Of the last stretch everything counts that the usage period has, what clocks that are ahead report with it.
    totals = [used_until(one, at) for at in [*starts[1:], one.period.end]]
    settled = list(accumulate(reversed(totals), min))[::-1]
    before = ZERO
    for start, total in zip(starts, settled, strict=True):
        yield Used(start, EXACT.subtract(total, before))
        before = total


def _cut(window: Period, cuts: Iterable[datetime]) -> Iterator[Period]:
    inside = sorted({at for at in cuts if window.start < at < window.end})
    starts = [window.start, *inside]
    yield from (Period(start, end) for start, end in zip(starts, [*inside, window.end], strict=True))
