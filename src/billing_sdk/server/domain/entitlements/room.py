"""How much of a metered feature may still be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing_sdk.money import EXACT
from billing_sdk.server.domain.periods import Period

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Room:
    """What may be used in a usage period, and what was used of it; quantities are in the feature's units.

    Attributes:
        period: the usage period.
        limit: how much may be used in it: what the plan includes and what grants add; None is without limit.
        used: what was used in it.
        held: what is set aside for uses that are not settled yet.
        overage: what was used and nothing covers.
        is_soft: use goes on beyond the limit.
    """

    period: Period
    limit: Decimal | None
    used: Decimal
    held: Decimal = ZERO
    overage: Decimal = ZERO
    is_soft: bool = False

    @property
    def remaining(self) -> Decimal | None:
        """How much may still be used: what is neither used nor held; None is without limit."""
        if self.limit is None:
            return None
        return max(ZERO, EXACT.subtract(EXACT.subtract(self.limit, self.used), self.held))

    @property
    def resets_at(self) -> datetime:
        """When use is counted anew."""
        return self.period.end

    @property
    def has_access(self) -> bool:
        """Whether anything may still be used: of a soft limit always, else while less is used than the limit.

        What is held does not take access away, since it may come back.
        """
        return self.limit is None or self.is_soft or self.used < self.limit


def room_within(period: Period, *, limit: int | None, used: Decimal, is_soft: bool = False) -> Room:
    """Return the room that a plan's limit leaves of a usage period, with no grants beside it."""
    most = None if limit is None else Decimal(limit)
    overage = ZERO if most is None else max(ZERO, EXACT.subtract(used, most))
    return Room(period, most, used, overage=overage, is_soft=is_soft)
