"""What is billed at a billing date.

Billing date and service interval are two things: an invoice collects, at a billing date, licence fees in advance for
every service interval that has started since the last one, and usage in arrears for every service interval that has
completed since (Stripe documentation, "How advanced usage-based billing works", Billing interval and service
interval). Where both are as long as each other, that is the fee for the period that starts and the usage of the one
that ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.in_force import InForce, Lines
from billing_sdk.server.domain.invoicing.other_fees import fees_completed, fees_cut_short, fees_once
from billing_sdk.server.domain.invoicing.usage_interval import (
    NOTHING_BEFORE,
    BilledBefore,
    RatedUsage,
    Used,
    lines_of,
    rate_usage,
)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A billing date of one agreement, with all that its invoice depends on.

    Attributes:
        before: what was in force until then.
        following: what is in force from then on; the same, unless another version of the plan takes over.
        usage: what service intervals come to whose usage is charged; see `usage_at_boundary`.
        after: the last billing date; None where this is the first.
        at: the billing date.
        charges_partial: whether intervals that have begun before the first billing date are charged for their rest.
    """

    before: InForce
    following: InForce
    usage: Sequence[RatedUsage]
    after: datetime | None
    at: datetime
    charges_partial: bool = True


def usage_at_boundary(
    before: InForce,
    used: Used,
    *,
    after: datetime,
    at: datetime,
    following: InForce,
    billed: BilledBefore = NOTHING_BEFORE,
) -> tuple[RatedUsage, ...]:
    """Return what service intervals come to that have completed since the last billing date, or end with this one.

    Args:
        before: what was in force until then.
        used: how much of a feature was used in a period.
        after: the last billing date.
        at: the billing date.
        following: what is in force from then on.
        billed: what earlier invoices have billed of them.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    intervals = before.intervals_completed(after, at) + before.intervals_cut_short(at, following)
    return rate_usage(intervals, used, before.policies, billed)


def lines_at_boundary(
    before: InForce,
    usage: Sequence[RatedUsage] = (),
    *,
    after: datetime | None,
    at: datetime,
    following: InForce | None = None,
    charges_partial: bool = True,
) -> Lines:
    """Return what is billed for an agreement at a billing date; what comes to nothing is left out.

    The arguments are the attributes of `Boundary`.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    boundary = Boundary(before, following or before, usage, after, at, charges_partial)
    lines: Lines = ()
    for step in STEPS:
        lines = step(boundary, lines)
    return lines


def fees_started(boundary: Boundary, lines: Lines) -> Lines:
    """Charge the service intervals that have started since the last billing date, at the prices until now."""
    if boundary.after is None:
        return lines
    return lines + boundary.before.fees_started(boundary.after, boundary.at)


def fees_starting(boundary: Boundary, lines: Lines) -> Lines:
    """Charge the service intervals that start with the new period, at the prices from now on."""
    before, following = boundary.before.agreement, boundary.following
    is_first = boundary.after is None or before.schedule != following.agreement.schedule
    is_first = is_first and boundary.charges_partial
    return lines + following.fees_starting(boundary.at, is_first=is_first) + fees_once(following, boundary.at)


def fees_over(boundary: Boundary, lines: Lines) -> Lines:
    """Charge the fees in arrears for service intervals that have completed since the last billing date."""
    if boundary.after is None:
        return lines
    before, at = boundary.before, boundary.at
    return lines + fees_completed(before, boundary.after, at) + fees_cut_short(before, at, boundary.following)


def usage_completed(boundary: Boundary, lines: Lines) -> Lines:
    """Charge the usage of service intervals that have completed since the last billing date, or end with it."""
    return lines + lines_of(boundary.usage)


def discounts(boundary: Boundary, lines: Lines) -> Lines:
    """Take off what coupons are for."""
    plans = {**boundary.before.plans, **boundary.following.plans}
    return with_discounts(lines, boundary.before.agreement.discounts, plans)


# Coupons come after all that they could lower; what follows them is the same on every invoice, see `complete`.
STEPS: tuple[Callable[[Boundary, Lines], Lines], ...] = (
    fees_started,
    fees_starting,
    fees_over,
    usage_completed,
    discounts,
)
