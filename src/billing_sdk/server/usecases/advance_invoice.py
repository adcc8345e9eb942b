"""Advance an invoice that waits: from gathering to waiting for late usage, to waiting to be sent, to its issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import BillingError, GatewayRefused, GatewayUnreachable, TaxLocationMissing
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    UNISSUED,
    GatewayTaxation,
    Invoice,
    PendingCharge,
    period_billed,
)
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.ask_gateway import RESTING
from billing_sdk.server.usecases.bill_customer import collect_by_profile, hold, wait
from billing_sdk.server.usecases.close_usage import close_usage
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice
from billing_sdk.server.usecases.mirror_invoice import UNAUTHORIZED_REST, UNREACHABLE_REST
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.quote_tax import quote_tax
from billing_sdk.server.usecases.rate_intervals import WAITING
from billing_sdk.server.usecases.tax_customer import require_location

# Nobody asked for it at that moment: the event names those who run the server, the audit what has run.
SOURCE: EventSource = "admin"
ACTOR = "timer"


def advance_invoice(engine: Engine, timer: Timer) -> None:
    """Move an invoice on whose wait is over; run by its timer.

    Waits of no length are over at once, so it may go several steps. The card is charged after the transaction in which
    the invoice is issued.

    Raises:
        Obsolete: the invoice has been discarded, or issued by hand.
        Conflict: the outcome of another charge of the customer can't be learnt at present.
    """
    with engine.read() as tx:
        found = tx.invoices.find(timer.subject_id)
    if found is None or found.is_issued:
        raise Obsolete("the invoice is gone, or issued")
    settle_customer(engine, found.customer_id)
    taxation: GatewayTaxation | None = None
    failure: BillingError | None = None
    try:
        if _make_ready_for_tax(engine, found, due_at=timer.due_at):
            taxation = quote_tax(engine, found.id)
    except (TaxLocationMissing, GatewayRefused, *RESTING) as error:
        failure = error
    charge = None
    with engine.begin() as tx:
        customer = tx.customers.lock(found.customer_id)
        tx.timers.done(timer)
        invoice = tx.invoices.find(found.id)
        if invoice is None or invoice.status not in UNISSUED:
            return
        if failure is None:
            charge = _advanced(tx, engine, customer, invoice, due_at=timer.due_at, taxation=taxation)
        else:
            _put_off(tx, engine, customer, invoice, failure, due_at=timer.due_at)
    if charge is not None:
        collect_issued(engine, charge)


def issue_waiting(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    invoice: Invoice,
    *,
    source: EventSource,
    actor: str,
    taxation: GatewayTaxation | None = None,
) -> tuple[Invoice, PendingCharge | None]:
    """Complete an invoice that is stored and not issued, and issue it, whatever it waits for.

    Where the payment processor works out the tax and has not been asked yet, it waits for that, and for nothing else.

    Returns:
        The invoice as it was issued, and the charge to be collected after the transaction.

    Raises:
        InvoiceLocked: it has been issued.
        TaxLocationMissing: nobody knows where the customer is, and the profile won't have it issued without tax.
        Conflict: what is billed has changed since the processor was asked.
    """
    at = engine.now_for(tx, customer)
    if invoice.status in WAITING:
        invoice = close_usage(tx, customer, invoice, at=at)
    agreement = _agreement_of(tx, invoice)
    lines = complete_lines(
        tx,
        customer,
        invoice.lines,
        currency=invoice.currency,
        agreement=agreement,
        period=period_billed(invoice),
        at=at,
        waiting=invoice,
        taxation=taxation,
        billing_cadence_id=invoice.billing_cadence_id,
    )
    require_location(tx, customer, lines, billing_cadence_id=invoice.billing_cadence_id)
    ready = replace(invoice.prepared(), lines=lines)
    tx.timers.clear(invoice.id, "invoice")
    issued = issue_invoice(tx, customer, ready, source=source, actor=actor, at=at, is_stored=True, has_waited=True)
    charge = collect_by_profile(tx, engine, customer, issued, agreement, source=source, actor=actor)
    if issued.is_to_be_charged and charge is None:
        mark_unpaid(tx, issued, actor=actor, at=at)
        issued = tx.invoices.get(issued.id)
    return issued, charge


def issued_before(engine: Engine) -> Invoice | None:
    """Return what an earlier process has issued for this very call, before it could answer; None where none has."""
    if engine.call is None or engine.call.effect_id is None:
        return None
    with engine.read() as tx:
        return tx.invoices.find(engine.call.effect_id)


def collect_now(engine: Engine, issued: Invoice, charge: PendingCharge | None) -> Invoice:
    """Collect what has just been issued, and return it as it is then; that the card is declined leaves it owed."""
    if charge is None:
        return issued
    engine.checkpoint(issued.id)  # who repeats the call gets this invoice, and not another one
    collect_issued(engine, charge)
    with engine.read() as tx:
        return tx.invoices.get(issued.id)


def mark_unpaid(tx: UnitOfWork, invoice: Invoice, *, actor: str, at: datetime) -> None:
    """Note with the agreements of an invoice that is owed that they are not paid for."""
    for agreement_id in invoice.agreement_ids:
        before = tx.agreements.get(agreement_id)
        if not before.is_unpaid:
            after = replace(before, is_unpaid=True)
            tx.agreements.save(after)
            tx.audit.record(actor, "agreement.update", after.id, at, before=before, after=after)


def _make_ready_for_tax(engine: Engine, found: Invoice, *, due_at: datetime) -> bool:
    """Let an invoice wait for nothing but the answer about its tax; False where none is asked for, or not yet.

    It does not change any more what is billed, so it can be repeated.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(found.customer_id)
        invoice = tx.invoices.find(found.id)
        profile, now = tx.billing_profiles.of(customer, found.billing_cadence_id), engine.now_for(tx, customer)
        if invoice is None or invoice.status not in UNISSUED or not profile.tax.is_by_gateway:
            return False
        if _waits_until(profile, invoice, since=due_at) > now:
            return False
        if invoice.status == "gathering":
            invoice = invoice.moved("collect")
        if invoice.status == "awaiting_usage":
            invoice = close_usage(tx, customer, replace(invoice.moved("close_usage"), collect_at=None), at=now)
        tx.invoices.save_unissued(invoice.prepared())
    return True


def _waits_until(profile: BillingProfile, invoice: Invoice, *, since: datetime) -> datetime:
    if invoice.status == "gathering":
        since = profile.wait_for_late_usage.after(since)
    return profile.wait_before_sending.after(since) if invoice.status in WAITING else since


def _put_off(
    tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice, failure: BillingError, *, due_at: datetime
) -> None:
    """Let an invoice wait whose tax the payment processor did not tell."""
    now = engine.now_for(tx, customer)
    accrue_waiting(tx, customer, invoice, at=due_at)
    if not isinstance(failure, RESTING):
        hold(tx, customer, invoice, source=SOURCE, actor=ACTOR, at=now, reason=failure.code)
        return
    rest = UNREACHABLE_REST if isinstance(failure, GatewayUnreachable) else UNAUTHORIZED_REST
    tx.timers.set("invoice", invoice.id, max(now, due_at) + rest, customer)


def _advanced(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    invoice: Invoice,
    *,
    due_at: datetime,
    taxation: GatewayTaxation | None,
) -> PendingCharge | None:
    """Take the steps that are due, and return what is to be collected after the last of them."""
    profile, now = tx.billing_profiles.of(customer, invoice.billing_cadence_id), engine.now_for(tx, customer)
    since = due_at
    if invoice.status == "gathering":
        invoice = invoice.moved("collect")
        until = profile.wait_for_late_usage.after(since)
        if until > now:
            wait(tx, customer, profile, invoice, since=since)
            return None
        since = until
    if invoice.status == "awaiting_usage":
        invoice = close_usage(tx, customer, replace(invoice.moved("close_usage"), collect_at=None), at=now)
        until = profile.wait_before_sending.after(since)
        if until > now:
            wait(tx, customer, profile, invoice, since=since)
            return None
    try:
        return issue_waiting(tx, engine, customer, invoice, source=SOURCE, actor=ACTOR, taxation=taxation)[1]
    except TaxLocationMissing:
        accrue_waiting(tx, customer, invoice, at=due_at)
        hold(tx, customer, invoice, source=SOURCE, actor=ACTOR, at=now)
        return None


def _agreement_of(tx: UnitOfWork, invoice: Invoice) -> Agreement | None:
    return None if invoice.agreement_id is None else tx.agreements.get(invoice.agreement_id)
