"""Monthly recurring revenue: what the licence fees of paying agreements come to in a month.

Usage, fees that are charged once, discounts, taxes and credit are no part of it. A fee of another interval counts by
the month: a year is twelve months, and a month is the twelfth part of 365.25 days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from billing_sdk.server.domain.catalog import LicenceFee
from billing_sdk.server.domain.periods import Cadence, Period

DAYS_OF_A_MONTH = Decimal("365.25") / 12


@dataclass(frozen=True, slots=True)
class AgreedFees:
    """What recurring revenue depends on of an agreement.

    Attributes:
        monthly_minor: what its fees come to in a month (`monthly_amount`).
        pauses: those that are over.
    """

    customer_id: str
    currency: str
    monthly_minor: int
    started_at: datetime
    ended_at: datetime | None = None
    trial_ends_at: datetime | None = None
    paused_at: datetime | None = None
    suspended_at: datetime | None = None
    pauses: tuple[Period, ...] = field(default=())


def pays_at(agreed: AgreedFees, at: datetime) -> bool:
    """Tell whether an agreement is one that is paid for at an instant: begun, and neither over, a trial nor at rest."""
    begins_at = max(agreed.started_at, agreed.trial_ends_at or agreed.started_at)
    stops = [one for one in (agreed.ended_at, agreed.paused_at, agreed.suspended_at) if one is not None]
    is_paused = any(pause.start <= at < pause.end for pause in agreed.pauses)
    return begins_at <= at and not is_paused and all(at < stop for stop in stops)


def monthly_amount(fees: Sequence[tuple[LicenceFee, int]], cadence: Cadence) -> int:
    """Return what fees come to in a month, in minor units.

    Args:
        fees: in one currency, each with how many there are of it.
        cadence: how often those are charged that say nothing of their own.
    """
    exact = sum((_by_the_month(fee, quantity, cadence) for fee, quantity in fees), Decimal(0))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def recurring_by_customer(agreements: Iterable[AgreedFees], *, at: datetime) -> Mapping[str, Mapping[str, int]]:
    """Return what each customer pays a month at an instant, by currency; whoever pays nothing is left out."""
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for agreed in agreements:
        if agreed.monthly_minor and pays_at(agreed, at):
            found[agreed.currency][agreed.customer_id] += agreed.monthly_minor
    return found


def _by_the_month(fee: LicenceFee, quantity: int, cadence: Cadence) -> Decimal:
    if fee.charged == "once":
        return Decimal(0)
    interval = fee.service or cadence
    months = Decimal(interval.months) if interval.months else Decimal(interval.days) / DAYS_OF_A_MONTH
    return Decimal(fee.amount(quantity).minor) / months
