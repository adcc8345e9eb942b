"""Service intervals whose usage is billed, and what it comes to.

Which intervals a billing date or an end is about is one question (`InForce`), what was used in them another. An
interval of which a part was billed before its end is rated as a whole, and what was billed comes off: so the parts
add up to the whole, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Policies, Rate, amount_of
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import Billed, usage_line
from billing_sdk.server.domain.invoicing.unit_lines import of_nothing, rated_amount
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Usage, so_far

Used = Callable[[str, Period], Usage]
IntervalKey = tuple[str, str, datetime]
BilledBefore = Mapping[IntervalKey, Billed]
NOTHING_BEFORE: BilledBefore = {}


@dataclass(frozen=True, slots=True)
class UsageInterval:
    """A service interval of a rate, as far as an agreement is billed for it.

    Attributes:
        agreement_id: what it is charged under.
        part: what the invoice says: the interval from the begin of the agreement or of the price to its end.
        interval: the whole service interval.
        counted: the usage of this stretch counts. At an end it is what was used at that very instant, too.
        is_over: nothing more is used in it; else only a part of it is billed.
    """

    agreement_id: str
    plan_version_id: str
    rate: Rate
    part: Period
    interval: Period
    counted: Period
    is_over: bool = True

    @property
    def key(self) -> IntervalKey:
        """What tells it from others of an agreement."""
        return self.plan_version_id, self.rate.id, self.part.start


@dataclass(frozen=True, slots=True)
class RatedUsage:
    """A service interval with what its usage comes to.

    Attributes:
        line: what is to be billed of it now; nothing, where it was all billed, or comes to nothing.
        total: what all of it comes to, in what it is priced in: money, or units.
        billed: what was billed of it, this line included; more than the total where usage was corrected since.
    """

    interval: UsageInterval
    line: InvoiceLine
    total: Money
    billed: Money

    @property
    def quantity(self) -> Decimal:
        """How much was used in all."""
        return self.line.quantity or Decimal(0)


def rate_usage(
    intervals: Iterable[UsageInterval], used: Used, policies: Policies, before: BilledBefore = NOTHING_BEFORE
) -> tuple[RatedUsage, ...]:
    """Return what the usage of service intervals comes to, those included that come to nothing.

    An interval that begins at the instant of an end has usage, or is none.

    Args:
        intervals: in the order of the invoice.
        used: how much of a feature was used in a period.
        policies: how zero usage is priced and amounts are rounded.
        before: what earlier invoices have billed of them.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    return tuple(_rated(intervals, used, policies, before))


def used_before(until: datetime, used: Used) -> Used:
    """Return what tells how much was used of a feature, with what was used from an instant on left out."""

    def used_of_it(feature_key: str, period: Period) -> Usage:
        earlier = period.within(Period(period.start, until))
        return Usage(Decimal(0)) if earlier is None else used(feature_key, earlier)

    return used_of_it


def lines_of(rated: Iterable[RatedUsage]) -> tuple[InvoiceLine, ...]:
    """Return what is billed; what comes to nothing is left out."""
    return tuple(one.line for one in rated if rated_amount(one.line))


def _rated(
    intervals: Iterable[UsageInterval], used: Used, policies: Policies, before: BilledBefore
) -> Iterator[RatedUsage]:
    for one in intervals:
        usage = used(one.rate.feature_key, one.counted)
        if one.part.start == one.part.end and not usage.quantity:
            continue
        rate = one.rate if one.is_over else replace(one.rate, terms=so_far(one.rate.terms))
        billed = before.get(one.key)
        line = usage_line(
            rate,
            agreement_id=one.agreement_id,
            plan_version_id=one.plan_version_id,
            used=usage,
            part=one.part,
            interval=one.interval,
            policies=policies,
            billed=billed,
        )
        if not one.is_over:
            line = replace(line, derivation={**line.derivation, "so_far": "true"})
        amount = rated_amount(line)
        billed_amount = amount_of(0, amount.currency) if billed is None else billed.amount
        total = amount + billed_amount
        if amount.minor < 0:
            # What was billed too much is given back by a credit note for the invoice that has billed it.
            line = of_nothing(line)
        yield RatedUsage(one, line, total, billed_amount + rated_amount(line))
