"""Usage that no issued invoice says yet, rated by the code that will invoice it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import Payable
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, Used, lines_of, payables_of, rate_usage, with_discounts
from billing_sdk.server.domain.metering import plus
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Usage
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.credit_left import usage_waiting
from billing_sdk.server.usecases.decide_change import close_agreement
from billing_sdk.server.usecases.load_in_force import load_in_force, used_under
from billing_sdk.server.usecases.next_invoice import as_planned, billed_next, ends_before_billing
from billing_sdk.server.usecases.rate_dirty import adjustments_to_come
from billing_sdk.server.usecases.rate_intervals import known_intervals

# Units of a feature that are used under an agreement, by the ids of the agreement and the key of the feature.
Units = Mapping[tuple[str, str], Decimal]
NOTHING: Units = MappingProxyType({})


def pending_usage(tx: UnitOfWork, customer: Customer, *, at: datetime, more: Units = NOTHING) -> tuple[Payable, ...]:
    """Return what a customer's usage comes to that no issued invoice says yet, what is billed first coming first.

    Args:
        tx: the transaction.
        customer: whose.
        at: the customer's present.
        more: units that are to be taken to be used now, beside what was recorded.
    """
    coming = [(one.at, one.agreement.id, one.lines) for one in adjustments_to_come(tx, customer)]
    for agreement in tx.agreements.live_of(customer.id):
        used = _used_with(tx, agreement, more, at)
        coming.append((billed_at(agreement), agreement.id, _lines(tx, agreement, used, at)))
    found = [*usage_waiting(tx, customer)]
    for _, _, lines in sorted(coming, key=lambda one: one[:2]):
        found += [payable for _, payable in payables_of(lines) if payable.amount]
    return tuple(found)


def _used_with(tx: UnitOfWork, agreement: Agreement, more: Units, at: datetime) -> Used:
    recorded = used_under(tx, agreement)

    def used(feature_key: str, period: Period) -> Usage:
        usage, units = recorded(feature_key, period), more.get((agreement.id, feature_key))
        if units is None or not period.contains(at):
            return usage
        return replace(usage, quantity=plus(usage.quantity, units))

    return used


def billed_at(agreement: Agreement) -> datetime:
    """Return when what is used under an agreement is billed next, by its renewal or by its end."""
    pending = agreement.pending_change
    ends = [agreement.cancel_at, pending.at if pending is not None and not pending.is_alteration else None]
    return min([agreement.billed_until, *(end for end in ends if end is not None)])


def _lines(tx: UnitOfWork, agreement: Agreement, used: Used, at: datetime) -> Lines:
    """Return the lines of the invoice that the usage so far will be on, before anything is paid with credit."""
    if agreement.status == "trialing":
        return ()
    if agreement.status == "paused":
        in_force = load_in_force(tx, agreement)
        since = agreement.billed_period.start
        intervals = in_force.intervals_completed(since, at) + in_force.intervals_unfinished(at)
        usage = rate_usage(intervals, used, in_force.policies, known_intervals(tx, in_force).billed)
        return with_discounts(lines_of(usage), agreement.discounts, in_force.plans)
    if ends_before_billing(agreement):
        ends_at = billed_at(agreement)
        return close_agreement(tx, agreement, at=ends_at, is_invoice_now=None, is_prorate=None, used=used).owed
    try:
        agreement = as_planned(tx, agreement)
    except BillingError:
        agreement = replace(agreement, pending_change=None)  # what can't be done as things are is not billed either
    return billed_next(tx, agreement, used).lines
