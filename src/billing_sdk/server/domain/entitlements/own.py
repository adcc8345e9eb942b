"""Entitlements that a customer has of its own, beside all plans: what may be used in each usage period, or a value.

Source: OpenMeter documentation, "Entitlements": a metered one has a usage period, an amount that is issued with each,
a soft or a hard limit, and is reset at the end of each period, or earlier by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Literal, NamedTuple

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.entitlements.allowance import ZERO
from billing_sdk.server.domain.entitlements.balance import UsagePeriod
from billing_sdk.server.domain.periods import Cadence, Period, Schedule

EntitlementType = Literal["metered", "static", "boolean"]
# Ten years of days: more is not looked at.
MOST_PERIODS = 3_653


class OwnReset(NamedTuple):
    """The end of a usage period by hand; the next ones are counted from the anchor."""

    at: datetime
    anchor: datetime
    keeps_overage: bool


@dataclass(frozen=True, slots=True)
class OwnEntitlement:
    """What a customer is entitled to, whatever it has agreed to.

    Attributes:
        id: starts with `entitlement_`.
        config: the value of a static one, as JSON text.
        cadence: how often the use of a metered one is counted anew.
        anchor: when one of its usage periods began, or will begin.
        measured_from: from when on use counts.
        issue: how much may be used in each usage period, beside what is granted.
        is_unlimited: use is counted, and nothing is refused.
        is_soft: use goes on beyond the limit.
        keeps_overage: what was used beyond it is taken off the next usage period.
        resets: in their order.
    """

    id: str
    customer_id: str
    feature_key: str
    type: EntitlementType
    created_at: datetime
    config: str | None = None
    cadence: Cadence | None = None
    anchor: datetime | None = None
    measured_from: datetime | None = None
    issue: Decimal = ZERO
    is_unlimited: bool = False
    is_soft: bool = False
    keeps_overage: bool = False
    resets: tuple[OwnReset, ...] = ()

    @property
    def began_at(self) -> datetime:
        """From when on use counts."""
        return self.measured_from or self.created_at

    def periods_until(self, at: datetime) -> tuple[UsagePeriod, ...]:
        """Return the usage periods that have begun by an instant; the last one contains it.

        Raises:
            InvalidRequest: there are more than can be looked at, or the instant is before the first.
        """
        if at < self.began_at:
            raise InvalidRequest("the entitlement had not begun by then", parameter="time")
        found = tuple(islice(self._periods(at), MOST_PERIODS + 1))
        if len(found) > MOST_PERIODS:
            raise InvalidRequest(f"the entitlement has more than {MOST_PERIODS:,} usage periods", parameter="time")
        return found

    def _periods(self, at: datetime) -> Iterator[UsagePeriod]:
        cadence = self.cadence or Cadence("month")
        start, anchor, keeps = self.began_at, self.anchor or self.created_at, False
        waiting = list(self.resets)
        while start <= at:
            end = next(Schedule(anchor, cadence).boundaries_after(start))
            following = self.keeps_overage
            if waiting and waiting[0].at < end:
                end, anchor, following = waiting.pop(0)
            yield UsagePeriod(self.id, Period(start, end), self.issue, keeps_overage=keeps)
            start, keeps = end, following
