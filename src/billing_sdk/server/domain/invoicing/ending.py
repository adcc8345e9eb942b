"""What the end of an agreement in the middle of a period adds to the bill, and what it gives back.

A service interval that is complete is charged in any case. By default nothing else is: usage of an unfinished one is
forgiven, and days that were paid for are kept (Kinde documentation, "Billing policies"). Each of the two can be
decided otherwise, for all agreements or for one call. A fee in arrears is charged for its days until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing_sdk.money import round_money
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.derivation import explain, of_period
from billing_sdk.server.domain.invoicing.in_force import InForce, Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.invoicing.other_fees import fees_unbilled
from billing_sdk.server.domain.invoicing.tax_document import given_back
from billing_sdk.server.domain.invoicing.usage_interval import (
    NOTHING_BEFORE,
    BilledBefore,
    RatedUsage,
    Used,
    lines_of,
    rate_usage,
)
from billing_sdk.server.domain.periods import Period, fraction


def usage_at_end(
    before: InForce, used: Used, *, at: datetime, is_usage_charged: bool, billed: BilledBefore = NOTHING_BEFORE
) -> tuple[RatedUsage, ...]:
    """Return what service intervals come to whose usage is charged when an agreement ends.

    Args:
        before: what is in force until then.
        used: how much of a feature was used in a period.
        at: when it ends; in a trial nothing is charged.
        is_usage_charged: whether the usage of service intervals that are not complete is charged, too.
        billed: what earlier invoices have billed of them.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    if before.agreement.status == "trialing":
        return ()
    intervals = before.intervals_completed(before.agreement.billed_period.start, at)
    if is_usage_charged:
        intervals += before.intervals_unfinished(at)
    return rate_usage(intervals, used, before.policies, billed)


def lines_at_end(before: InForce, usage: Iterable[RatedUsage], *, at: datetime) -> Lines:
    """Return what is still to be charged for an agreement that ends, discounts taken off.

    Args:
        before: what is in force until then.
        usage: what service intervals come to whose usage is charged; see `usage_at_end`.
        at: when it ends; in a trial nothing is charged.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    agreement = before.agreement
    if agreement.status == "trialing":
        return ()
    started = before.fees_started(agreement.billed_period.start, at)
    lines = started + fees_unbilled(before, at) + lines_of(usage)
    return with_discounts(lines, agreement.discounts, before.plans)


def unused_time(paid: Iterable[InvoiceLine], *, at: datetime, zone: str, policies: Policies, name: str = "") -> Lines:
    """Return what was paid in advance for time after an instant, as lines that give it back.

    Args:
        paid: lines of paid invoices. Fees count, and what coupons took off them; usage is never paid in advance.
        at: when an agreement ends.
        zone: where days begin.
        policies: whether days or seconds are counted; the day of the change counts as used.
        name: of the plan, for the invoice.
    """
    lines = (_unused(line, at, zone, policies, name) for line in paid if is_in_advance(line))
    return tuple(line for line in lines if line.amount)


def _unused(line: InvoiceLine, at: datetime, zone: str, policies: Policies, name: str) -> InvoiceLine:
    share = fraction(Period(at, max(at, line.period.end)), line.period, by=policies.proration, zone=zone)
    return InvoiceLine(
        subject=name or line.subject,
        frames=(*(() if name else line.frames), framed("unused_time")),
        amount=round_money(-line.amount.minor * share, line.amount.currency, policies.rating.rounding),
        period=Period(max(at, line.period.start), line.period.end),
        plan_version_id=line.plan_version_id,
        component_id=line.component_id,
        agreement_id=line.agreement_id,
        derivation=explain(
            "unused_time",
            plan_version_id=line.plan_version_id,
            component_id=line.component_id,
            period=line.period,
            policies=policies,
            tax=given_back(line.derivation),
            of=line.kind,
            of_minor=str(line.amount.minor),
            proration={"by": policies.proration, "fraction": str(share), "interval": of_period(line.period)},
        ),
    )


def is_in_advance(line: InvoiceLine) -> bool:
    """Tell whether a line is about a fee for time that follows, or takes something off one."""
    if "charged" in line.derivation:
        return False
    return line.kind == "licence_fee" or (line.kind == "discount" and line.derivation.get("of") == "licence_fee")
