"""What has been billed of a service interval, kept so that usage which comes late, or is corrected, can be billed too.

There is one for every service interval that was billed, those included that came to nothing. It is rated again with
the prices, the policies and the discounts of its time, and what was billed of it comes off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import PlanVersion, Policies, Rate
from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.invoicing.priced import Billed, usage_line
from billing_sdk.server.domain.invoicing.unit_lines import rated_amount
from billing_sdk.server.domain.invoicing.usage_interval import BilledBefore, IntervalKey, RatedUsage, Used
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import RatingPolicy


@dataclass(frozen=True, slots=True)
class RatedInterval:
    """A service interval of an agreement that was billed for its usage, whole or in part.

    Attributes:
        id: starts with `rated_`.
        period: what the invoice says; see `UsageInterval`.
        interval: the whole service interval.
        counted_until: usage before this instant counts.
        quantity: how much had been used when it was billed last.
        billed: what all invoices together have billed of it, before discounts, less what was credited; units where it
            is priced in one.
        rating: how it was rated, and is rated again.
        discounts: those that were agreed for it.
        invoice_id: the invoice that has billed it last, if it came to anything.
        is_closed: it was billed as a whole, so what comes now is late; else some of it is still to be billed.
        is_dirty: usage has come late or was corrected, and is not billed yet.
        is_new: nothing is kept of it yet.
    """

    id: str
    agreement_id: str
    plan_version_id: str
    component_id: str
    feature_key: str
    period: Period
    interval: Period
    counted_until: datetime
    quantity: Decimal
    billed: Money
    rating: RatingPolicy
    discounts: tuple[AgreedDiscount, ...] = ()
    invoice_id: str | None = None
    is_closed: bool = True
    is_dirty: bool = False
    is_new: bool = False

    @property
    def key(self) -> IntervalKey:
        """What tells it from others of the agreement."""
        return self.plan_version_id, self.component_id, self.period.start

    @property
    def counted(self) -> Period:
        """The stretch of time whose usage counts."""
        return Period(self.period.start, self.counted_until)


def keep_rated(
    rated: Iterable[RatedUsage],
    agreement: Agreement,
    policies: Policies,
    *,
    ids: Iterator[str],
    known: Mapping[IntervalKey, RatedInterval],
) -> tuple[RatedInterval, ...]:
    """Return what is to be kept of service intervals that are billed.

    Args:
        rated: what their usage comes to.
        agreement: whose they are, with the discounts that count for them.
        policies: those that they were rated by.
        ids: for those that nothing was billed of before.
        known: those of which a part was billed before; they keep their id.
    """
    return tuple(_kept(one, agreement, policies, ids, known) for one in rated)


def rate_again(
    one: RatedInterval, version: PlanVersion, used: Used, policies: Policies
) -> tuple[InvoiceLine, RatedInterval]:
    """Return the line of what is still to be billed of an interval, and the interval with all of it billed.

    Where less has been used than was billed, the line is below zero.

    Args:
        one: the interval.
        version: which prices it was billed by, in the agreement's currency.
        used: how much of a feature was used in a period.
        policies: those of today; how usage is rated is taken from the interval.

    Raises:
        InvalidAmount: it comes to more than can be real.
    """
    line = usage_line(
        rate_of(version, one.component_id),
        agreement_id=one.agreement_id,
        plan_version_id=one.plan_version_id,
        used=used(one.feature_key, one.counted),
        part=one.period,
        interval=one.interval,
        policies=replace(policies, rating=one.rating),
        billed=Billed(one.billed, one.quantity) if one.billed or one.is_closed else None,
    )
    quantity = line.quantity or Decimal(0)
    return line, replace(one, quantity=quantity, billed=one.billed + rated_amount(line), is_dirty=False)


def without(one: RatedInterval, amount: Money) -> RatedInterval:
    """Return an interval as if an amount of it had not been billed: its line is not issued yet."""
    return replace(one, billed=one.billed - amount)


def as_adjustment(line: InvoiceLine, corrected: Invoice | None, number: int | None) -> InvoiceLine:
    """Return what is still to be billed of an interval as a line that names what it corrects.

    Args:
        line: what is still to be billed.
        corrected: the invoice that has billed the interval last; None where it came to nothing until now.
        number: which of its lines did, counted from 1.
    """
    derivation: dict[str, object] = {**line.derivation, "kind": "adjustment"}
    if corrected is not None:
        derivation["corrects"] = {"invoice": corrected.id, "number": corrected.number, "line": number}
    return replace(line, frames=(*line.frames, framed("adjusted")), derivation=derivation)


def with_its_discounts(line: InvoiceLine, one: RatedInterval, version: PlanVersion) -> tuple[InvoiceLine, ...]:
    """Return a line of an interval with what the percentages of its time take off it; amounts are taken off once."""
    percentages = tuple(found for found in one.discounts if found.percent_off is not None)
    return with_discounts((line,), percentages, {version.id: version.plan_key})


def rate_of(version: PlanVersion, component_id: str) -> Rate:
    """Return a rate of a version of a plan, that of an opening phase as well.

    Raises:
        LookupError: it has none of this id, though something was billed by it.
    """
    for component in version.all_components:
        if isinstance(component, Rate) and component.id == component_id:
            return component
    raise LookupError(f"{version.id} has no rate {component_id}")


def place_of(version: PlanVersion, component_id: str) -> int:
    """Return the place of a component in its version: what is billed together stands in this order."""
    ids = [component.id for component in version.all_components]
    return ids.index(component_id)


def billed_before(known: Iterable[RatedInterval]) -> BilledBefore:
    """Return what was billed of each interval."""
    return {one.key: Billed(one.billed, one.quantity) for one in known}


def _kept(
    one: RatedUsage,
    agreement: Agreement,
    policies: Policies,
    ids: Iterator[str],
    known: Mapping[IntervalKey, RatedInterval],
) -> RatedInterval:
    interval, before = one.interval, known.get(one.interval.key)
    return RatedInterval(
        id=next(ids) if before is None else before.id,
        agreement_id=agreement.id,
        plan_version_id=interval.plan_version_id,
        component_id=interval.rate.id,
        feature_key=interval.rate.feature_key,
        period=interval.part,
        interval=interval.interval,
        counted_until=interval.counted.end,
        quantity=one.quantity,
        billed=one.billed,
        rating=policies.rating,
        discounts=agreement.discounts,
        invoice_id=before.invoice_id if before else None,
        is_closed=interval.is_over,
        is_dirty=one.billed != one.total,
        is_new=before is None,
    )
