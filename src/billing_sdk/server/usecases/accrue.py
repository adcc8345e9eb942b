"""Accrue: at the end of each calendar month, revenue of what was delivered and no invoice has yet.

Usage is earned when it is delivered, and an invoice may come much later (Stripe documentation, "How advanced
usage-based billing works", Revenue Recognition); so are fees for service intervals within a longer cadence. What is
accrued is reversed by the invoice that has it. Only agreements that something of the kind is billed for have the timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.money import Money, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    InForce,
    Invoice,
    Lines,
    accrual_entry,
    billed_before,
    earned_before,
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
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.obsolete import Obsolete


def accrue(engine: Engine, timer: Timer) -> None:
    """Book what was delivered by the end of a month and no invoice has, less what is accrued; run by its timer.

    The timer is set anew while something is accrued, so that it is taken back where no invoice ever has it, and while
    there are fees to accrue; else when something is used again.

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


def accrue_fees_later(tx: UnitOfWork, customer: Customer, agreement: Agreement, version: PlanVersion) -> None:
    """Have fees accrued that are billed after the time that they are for, if a version of a plan has any.

    Those are fees for service intervals that are shorter than the cadence, all but the first of a period; and all of
    the first period of a plan that was given to somebody without a card.
    """
    if (_bills_later(agreement, version) or is_on_credit(tx, agreement)) and tx.timers.find(
        "accrue", agreement.id
    ) is None:
        tx.timers.set("accrue", agreement.id, next_month(agreement.billed_period.start), customer)


def accrue_waiting_later(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, since: datetime) -> None:
    """Have what an invoice bills accrued that waits, or is held, beyond the end of a month.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        invoice: as it waits.
        since: from when on.
    """
    until, month_end = invoice.collect_at or since, next_month(since)
    if max(until, invoice.send_at or until) <= month_end:
        return
    for agreement_id in sorted({line.agreement_id for line in invoice.lines if line.agreement_id is not None}):
        if tx.timers.find("accrue", agreement_id) is None:
            tx.timers.set("accrue", agreement_id, month_end, customer)


def _bills_later(agreement: Agreement, version: PlanVersion) -> bool:
    services = (fee.service for fee in version.of_kind(LicenceFee))
    return agreement.status == "active" and any(one not in (None, agreement.cadence) for one in services)


def _accrue(tx: UnitOfWork, engine: Engine, customer: Customer, agreement: Agreement, *, until: datetime) -> None:
    in_force = load_in_force(tx, agreement)
    waiting = tx.invoices.waiting_lines(agreement.id)
    lines = (*waiting, *_not_invoiced(tx, in_force, until))
    delivered = Money(earned_before(lines, until), agreement.currency)
    change = delivered - (tx.ledger.find_accrued(agreement.id) or zero(agreement.currency))
    if change:
        at = engine.now_for(tx, customer)
        tx.ledger.add([accrual_entry(customer.id, agreement.id, change, until=until, at=at)])
        tx.ledger.set_accrued(agreement.id, delivered)
    if delivered or waiting or _bills_later(agreement, in_force.version):
        tx.timers.set("accrue", agreement.id, next_month(until), customer)


def _not_invoiced(tx: UnitOfWork, in_force: InForce, until: datetime) -> Lines:
    """Return the lines of what was delivered before an instant; what no invoice has when it ends is forgiven."""
    agreement = in_force.agreement
    billed_at = agreement.billed_period.start
    if agreement.status == "trialing" or not agreement.is_live or billed_at >= until:
        return ()
    before = billed_before(tx.rated_intervals.unsettled(agreement.id))
    used = used_before(until, used_under(tx, agreement))
    rated = rate_usage(in_force.intervals_unbilled(until), used, in_force.policies, before)
    fees = in_force.fees_started(billed_at, until)
    if is_on_credit(tx, agreement):
        fees = in_force.fees_starting(billed_at, is_first=True) + fees
    percents = tuple(one for one in agreement.discounts if one.percent_off is not None)
    return with_discounts(fees + lines_of(rated), percents, in_force.plans)
