"""Accrue: at the end of each calendar month, revenue of what was delivered and no invoice has yet.

Usage is earned when it is delivered, and an invoice may come much later (Stripe documentation, "How advanced
usage-based billing works", Revenue Recognition); so are fees for service intervals within a longer cadence, those of a
first period that was given on credit, and whatever is on an invoice that waits to be issued. What is accrued is
reversed by the invoice that has it. Only agreements that something of the kind is billed for have the timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.money import zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, accrual_entry, agreements_earning
from billing_sdk.server.domain.ledger import next_month
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.delivered import delivered
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import is_on_credit
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.tax_customer import is_location_missing


def accrue(engine: Engine, timer: Timer) -> None:
    """Book what was delivered by the end of a month and no invoice has, less what is accrued; run by its timer.

    The timer is set anew while something is accrued, so that it is taken back where no invoice ever has it, and while
    there are fees to accrue or an invoice waits; else when something is used again.

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


def accrue_later(tx: UnitOfWork, customer: Customer, agreement: Agreement, feature_key: str, *, at: datetime) -> None:
    """Have usage that has been counted accrued when the month is over, unless it is to be anyway or costs nothing."""
    due_at = next_month(at)
    if due_at == agreement.billed_until and agreement.status == "active" and not _has_to_wait(tx, customer, agreement):
        return  # it is invoiced at that very instant
    if tx.timers.find("accrue", agreement.id) is not None:
        return
    version = tx.agreements.version_included(agreement)
    if any(rate.feature_key == feature_key for rate in version.of_kind(Rate)):
        tx.timers.set("accrue", agreement.id, due_at, customer)


def accrue_fees_later(tx: UnitOfWork, customer: Customer, agreement: Agreement, version: PlanVersion) -> None:
    """Have fees accrued that are billed after the time that they are for, if a version of a plan has any.

    Those are fees for service intervals that are shorter than the cadence, all but the first of a period; and those of
    a first period that was given on credit.
    """
    if _bills_later(tx, agreement, version) and tx.timers.find("accrue", agreement.id) is None:
        tx.timers.set("accrue", agreement.id, next_month(agreement.billed_period.start), customer)


def accrue_waiting(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, at: datetime) -> None:
    """Have what an invoice charges accrued when a month ends before it is issued; a draft charges nobody yet.

    Args:
        tx: the transaction.
        customer: whose invoice it is; locked by the caller.
        invoice: not issued.
        at: since when.
    """
    for agreement_id in () if invoice.status == "draft" else agreements_earning(invoice):
        if tx.timers.find("accrue", agreement_id) is None:
            tx.timers.set("accrue", agreement_id, next_month(at), customer)


def _has_to_wait(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> bool:
    profile = tx.billing_profiles.of(customer, agreement.billing_cadence_id)
    is_missing = is_location_missing(tx, customer, agreement.billing_cadence_id)
    is_asked_for = profile.tax.is_by_gateway or (profile.tax.is_enforced and is_missing)
    return profile.waits or is_asked_for


def _bills_later(tx: UnitOfWork, agreement: Agreement, version: PlanVersion) -> bool:
    fees = version.of_kind(LicenceFee)
    has_later = any(fee.charged == "in_arrears" or fee.service not in (None, agreement.cadence) for fee in fees)
    return agreement.status == "active" and (has_later or is_on_credit(tx, agreement))


def _accrue(tx: UnitOfWork, engine: Engine, customer: Customer, agreement: Agreement, *, until: datetime) -> None:
    found = delivered(tx, agreement, until=until)
    change = found.amount - (tx.ledger.find_accrued(agreement.id) or zero(agreement.currency))
    if change:
        at = engine.now_for(tx, customer)
        tx.ledger.add([accrual_entry(customer.id, agreement.id, change, until=until, at=at)])
        tx.ledger.set_accrued(agreement.id, found.amount)
    version = tx.agreements.version_included(agreement)
    if found.amount or found.is_waiting or _bills_later(tx, agreement, version):
        tx.timers.set("accrue", agreement.id, next_month(until), customer)
