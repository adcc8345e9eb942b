"""Accrue: at the end of each calendar month, revenue of usage that no invoice has yet.

Usage is earned when it is delivered, and an invoice may come much later (Stripe documentation, "How advanced
usage-based billing works", Revenue Recognition). What is accrued is reversed by the invoice that has the usage. Only
agreements under which something was used have the timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.money import Money, total, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    account_of,
    accrual_entry,
    billed_before,
    lines_of,
    rate_usage,
    used_before,
    with_discounts,
)
from billing_sdk.server.domain.ledger import next_month
from billing_sdk.server.domain.metering import Reading
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import load_in_force, used_under
from billing_sdk.server.usecases.obsolete import Obsolete


def accrue(engine: Engine, timer: Timer) -> None:
    """Book what usage has come to by the end of a month and no invoice has, less what is accrued; run by its timer.

    The timer is set anew while something is accrued, so that it is taken back where no invoice ever has it, and else
    when something is used again.

    Raises:
        Obsolete: the agreement is not there any more.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        agreement = tx.agreements.find(timer.subject_id)
        if agreement is None:
            raise Obsolete("there is no such agreement")
        tx.timers.done(timer)
        _accrue(tx, engine, customer, agreement, until=timer.due_at)


def accrue_together(engine: Engine, timers: Sequence[Timer]) -> tuple[Timer, ...]:
    """Do so for many agreements in one transaction, and return the timers that have to be run one by one.

    Raises:
        BillingError: usage of one of them can't be rated, and so none was.
    """
    with engine.begin() as tx:
        tx.read_ahead([timer.subject_id for timer in timers], planned_ids=())
        ready = {timer.id: found for timer in timers if (found := tx.agreements.find(timer.subject_id)) is not None}
        for timer in tx.timers.done_together([timer for timer in timers if timer.id in ready]):
            _accrue(tx, engine, tx.customers.lock(timer.customer_id), ready[timer.id], until=timer.due_at)
    return tuple(timer for timer in timers if timer.id not in ready)


def accrue_later(tx: UnitOfWork, customer: Customer, agreement: Agreement, reading: Reading) -> None:
    """Have usage that has been counted accrued when the month is over, unless it is to be anyway or costs nothing."""
    due_at = next_month(reading.recorded_at)
    if due_at == agreement.billed_until and agreement.status == "active" and not tx.billing_profiles.of(customer).waits:
        return  # it is invoiced at that very instant
    if tx.timers.find("accrue", agreement.id) is not None:
        return
    version = tx.agreements.version_included(agreement)
    if any(rate.feature_key == reading.feature_key for rate in version.of_kind(Rate)):
        tx.timers.set("accrue", agreement.id, due_at, customer)


def unbilled_usage(tx: UnitOfWork, agreement: Agreement, *, until: datetime) -> Money:
    """Return what usage before an instant comes to that no issued invoice has.

    What an agreement has used and no invoice has when it ends is forgiven.
    """
    waiting = [line.amount for line in tx.invoices.waiting_lines(agreement.id) if account_of(line) == "revenue"]
    return total(waiting, agreement.currency) + _not_invoiced(tx, agreement, until)


def _not_invoiced(tx: UnitOfWork, agreement: Agreement, until: datetime) -> Money:
    if agreement.status == "trialing" or not agreement.is_live or agreement.billed_period.start >= until:
        return zero(agreement.currency)
    in_force = load_in_force(tx, agreement)
    before = billed_before(tx.rated_intervals.unsettled(agreement.id))
    used = used_before(until, used_under(tx, agreement))
    rated = rate_usage(in_force.intervals_unbilled(until), used, in_force.policies, before)
    percents = tuple(one for one in agreement.discounts if one.percent_off is not None)
    lines = with_discounts(lines_of(rated), percents, in_force.plans)
    return total([line.amount for line in lines], agreement.currency)


def _accrue(tx: UnitOfWork, engine: Engine, customer: Customer, agreement: Agreement, *, until: datetime) -> None:
    unbilled = unbilled_usage(tx, agreement, until=until)
    change = unbilled - (tx.ledger.find_accrued(agreement.id) or zero(agreement.currency))
    if change:
        at = engine.now_for(tx, customer)
        tx.ledger.add([accrual_entry(customer.id, agreement.id, change, until=until, at=at)])
        tx.ledger.set_accrued(agreement.id, unbilled)
    if unbilled:
        tx.timers.set("accrue", agreement.id, next_month(until), customer)
