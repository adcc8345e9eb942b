"""What was delivered under an agreement and no issued invoice has: what is accrued at the end of a month.

That is on invoices which gather or wait, or is still to be billed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing import (
    Lines,
    billed_before,
    earned_before,
    fees_unbilled,
    lines_at_boundary,
    lines_of,
    rate_usage,
    used_before,
    with_discounts,
    with_period_discounted,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.rate_waiting import as_of_now


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered by an instant and no issued invoice has.

    Attributes:
        is_waiting: invoices that gather or wait charge something under the agreement.
    """

    amount: Money
    is_waiting: bool


def delivered(tx: UnitOfWork, agreement: Agreement, *, until: datetime) -> Delivered:
    """Return what was delivered under an agreement by an instant, and is on no issued invoice.

    Usage that comes to more than any invoice can say is not earned, and is in the way of nothing.
    """
    waiting = _waiting(tx, agreement)
    earned = earned_before((*waiting, *_not_invoiced(tx, agreement, until)), until)
    return Delivered(Money(earned, agreement.currency), is_waiting=bool(waiting))


def _waiting(tx: UnitOfWork, agreement: Agreement) -> Lines:
    """Return what invoices charge that gather or wait, with the usage of now where that still gets on them."""
    return tuple(
        line
        for invoice in tx.invoices.unissued_of(agreement.customer_id)
        if invoice.status != "draft" and invoice.currency == agreement.currency
        for line in as_of_now(tx, invoice).lines
        if line.agreement_id == agreement.id
    )


def _not_invoiced(tx: UnitOfWork, agreement: Agreement, until: datetime) -> Lines:
    """Return the lines of what was delivered before an instant; what no invoice has when it ends is forgiven."""
    billed_at = agreement.billed_period.start
    if agreement.status == "trialing" or not agreement.is_live or billed_at >= until:
        return ()
    percents = tuple(one for one in agreement.discounts if one.percent_off is not None)
    in_force = load_in_force(tx, replace(agreement, discounts=percents))
    first: Lines = ()
    if is_on_credit(tx, agreement):
        # Its first period is billed with the next one.
        first = lines_at_boundary(in_force, after=None, at=billed_at)
        percents = with_period_discounted(in_force.agreement).discounts
    before = billed_before(tx.rated_intervals.unsettled(agreement.id))
    used = used_before(until, used_under(tx, agreement))
    lines = in_force.fees_started(billed_at, until) + fees_unbilled(in_force, until)
    with suppress(InvalidAmount):
        lines += lines_of(rate_usage(in_force.intervals_unbilled(until), used, in_force.policies, before))
    return first + with_discounts(lines, percents, in_force.plans)
