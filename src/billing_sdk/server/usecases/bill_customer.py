"""Bill a customer: issue an invoice at once with the charge that is to pay it, or let it gather or wait first.

An invoice and its charge are written in the transaction that decides what is billed, and the gateway is asked after
it, as with every charge. What is billed at a billing date is owed whether or not the card works, so the invoice is
there before the payment and stays owed until it is paid.

What waits has its charges and nothing that comes last: what pays for it without a card, and taxes, are those of the day
when it is issued.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing_sdk.errors import Conflict, TaxLocationMissing
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    LEASE_SECONDS,
    Invoice,
    InvoiceReason,
    PendingCharge,
    RatedInterval,
    covering,
)
from billing_sdk.server.domain.ledger import next_month
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.dunning import note_failure
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.fall_due import fall_due
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.put_together import Bill
from billing_sdk.server.usecases.rate_intervals import store_rated
from billing_sdk.server.usecases.tax_customer import must_be_located

# What is billed because a service interval is over waits for usage that is reported late.
MAY_WAIT: frozenset[InvoiceReason] = frozenset({"renewal", "end"})
LOOKED_AT_AFTER = timedelta(days=1)
# Why an invoice is held, in its basis.
HELD = "held"


@dataclass(frozen=True, slots=True)
class Billed:
    """What has become of a bill.

    Attributes:
        invoice: None where there was nothing to bill.
        charge: to be collected after the transaction; None where nothing is to be, or there is no card.
    """

    invoice: Invoice | None = None
    charge: PendingCharge | None = None

    @property
    def is_unpaid(self) -> bool:
        """Whether it was to be charged, and there is no card."""
        return self.invoice is not None and self.invoice.is_to_be_charged and self.charge is None


def bill_customer(
    tx: UnitOfWork,
    engine: Engine,
    *,
    customer: Customer,
    agreement: Agreement,
    bill: Bill,
    reason: InvoiceReason,
    source: EventSource,
    actor: str,
    at: datetime,
    rated: Collection[RatedInterval] = (),
) -> Billed:
    """Issue an invoice, with the charge for it where it is to be charged; or let it gather or wait first.

    The customer's billing profile says which.

    The customer is locked by the caller, and no charge for the agreement's plan group is under way.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: who owes it.
        agreement: as it is from then on; it is stored already.
        bill: what is billed; without lines there is no invoice.
        reason: what the invoice is for.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
        rated: what is kept of the service intervals whose usage the lines charge.

    Raises:
        Conflict: a charge for the plan group is under way.
    """
    billed = Billed()
    if bill.lines:
        billed = _billed(
            tx,
            engine,
            customer=customer,
            agreement=agreement,
            bill=bill,
            reason=reason,
            source=source,
            actor=actor,
            at=at,
        )
    store_rated(tx, customer, rated, invoice=billed.invoice, at=at)
    return billed


def _billed(
    tx: UnitOfWork,
    engine: Engine,
    *,
    customer: Customer,
    agreement: Agreement,
    bill: Bill,
    reason: InvoiceReason,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Billed:
    profile = tx.billing_profiles.of(customer, agreement.billing_cadence_id)
    if gathers(profile, agreement, bill, reason):
        invoice = _gathered(tx, customer, agreement, bill, reason, at)
        tx.invoices.save_unissued(invoice)
        # Once everything that is due at this instant has come, it is collected.
        tx.timers.set("invoice", invoice.id, bill.at, customer)
        return Billed(invoice)
    if profile.waits and reason in MAY_WAIT:
        invoice = _gathered(tx, customer, agreement, bill, reason, at).moved("collect")
        return Billed(wait(tx, customer, profile, invoice, since=bill.at))
    if must_be_located(tx, customer, bill.lines, billing_cadence_id=agreement.billing_cadence_id):
        invoice = _gathered(tx, customer, agreement, bill, reason, at).prepared()
        accrue_waiting(tx, customer, invoice, at=bill.at)
        return Billed(hold(tx, customer, invoice, source=source, actor=actor, at=at))
    wanted = new_invoice(customer, bill.lines, currency=bill.currency, agreement=agreement, reason=reason, at=at)
    if bill.pending is not None:
        wanted = replace(wanted, id=bill.pending.id, created_at=bill.pending.created_at)
    invoice = issue_invoice(tx, customer, wanted, source=source, actor=actor, at=at, is_stored=bill.pending is not None)
    return Billed(invoice, collect_by_profile(tx, engine, customer, invoice, agreement, source=source, actor=actor))


def gathers(profile: BillingProfile, agreement: Agreement, bill: Bill, reason: InvoiceReason) -> bool:
    """Tell whether what is billed waits for whatever else is due at the same instant, to be one invoice with it.

    An agreement that ends on a billing date of its cadence is on the invoice of that date, as those that go on.
    """
    is_of_date = reason == "end" and agreement.billing_cadence_id is not None and bill.at == agreement.billed_until
    return profile.is_consolidating and (reason == "renewal" or is_of_date)


def wait(tx: UnitOfWork, customer: Customer, profile: BillingProfile, invoice: Invoice, *, since: datetime) -> Invoice:
    """Store an invoice that begins to wait for late usage, or to be sent, and have it moved on when that is over.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        profile: says how long.
        invoice: stored already.
        since: when the wait begins.
    """
    if invoice.status == "awaiting_usage":
        until = profile.wait_for_late_usage.after(since)
        invoice = replace(invoice, collect_at=until)
    else:
        until = profile.wait_before_sending.after(since)
        invoice = replace(invoice, send_at=until)
    tx.invoices.save_unissued(invoice)
    tx.timers.set("invoice", invoice.id, until, customer)
    if until >= next_month(since):
        accrue_waiting(tx, customer, invoice, at=since)
    return invoice


def hold(
    tx: UnitOfWork,
    customer: Customer,
    invoice: Invoice,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
    reason: str = TaxLocationMissing.code,
) -> Invoice:
    """Store an invoice that can't be issued as things are: nobody knows where the customer is, who is to be taxed.

    It is looked at again every day, and when somebody says where the customer is. Its first day is announced.
    """
    is_new = HELD not in invoice.basis
    invoice = replace(invoice, send_at=at + LOOKED_AT_AFTER, basis={**invoice.basis, HELD: reason})
    tx.invoices.save_unissued(invoice)
    tx.timers.set("invoice", invoice.id, at + LOOKED_AT_AFTER, customer)
    if is_new:
        tx.audit.record(actor, "invoice.hold", invoice.id, at, after=invoice)
        data = event_data.of_held_invoice(invoice)
        tx.outbox.announce(type="customer.invoice_held", data=data, customer=customer, source=source, at=at)
    return invoice


def look_at_held(tx: UnitOfWork, customer: Customer, *, at: datetime) -> None:
    """Let invoices that were held be looked at now: something about the customer has changed."""
    for invoice in tx.invoices.unissued_of(customer.id):
        if HELD in invoice.basis:
            tx.timers.set("invoice", invoice.id, at, customer)


def collect_by_profile(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    invoice: Invoice,
    agreement: Agreement | None,
    *,
    source: EventSource,
    actor: str,
) -> PendingCharge | None:
    """Write down the charge for an issued invoice, where it is to be charged and there is a card.

    One that there is no card for is announced as overdue; one that was sent is due later.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: who owes it; locked by the caller.
        invoice: as it was issued.
        agreement: what it is about; None for several agreements, or none.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Raises:
        Conflict: a change of the plan group, or a charge for this invoice, is under way.
    """
    if not invoice.is_to_be_charged:
        return None
    charge = charge_for(tx, engine, invoice, agreement, source=source, actor=actor)
    if charge is None:
        # It is due with its date, and there is nothing to take it from.
        at = invoice.issued_at or invoice.created_at
        invoice = fall_due(tx, customer, invoice, source=source, actor=actor, at=at)
        note_failure(tx, customer, invoice, is_scheduled=True, source=source, actor=actor, at=at)
    return charge


def charge_for(
    tx: UnitOfWork,
    engine: Engine,
    invoice: Invoice,
    agreement: Agreement | None,
    *,
    method: PaymentMethod | None = None,
    source: EventSource,
    actor: str,
) -> PendingCharge | None:
    """Write down that an invoice is to be collected; None where the customer has no card.

    Args:
        tx: the transaction.
        engine: the engine.
        invoice: what is to be paid.
        agreement: what it is about; None for several agreements, or none.
        method: what it is collected from; the payer's default where it is not given.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Raises:
        Conflict: a change of the plan group, or a charge for this invoice, is under way.
    """
    method = method or payer_method(tx, invoice.customer_id, invoice.billing_cadence_id)
    if method is None:
        return None
    now = engine.now()
    charge = PendingCharge(
        id=new_id("charge"),
        customer_id=invoice.customer_id,
        agreement=agreement,
        payment_method_id=method.id,
        lines=invoice.lines_due,
        currency=invoice.currency,
        source=source,
        actor=actor,
        started_at=now,
        lease_ends_at=now + timedelta(seconds=LEASE_SECONDS),
        invoice_id=invoice.id,
        gateway=method.gateway,
    )
    try:
        tx.charges.add(charge)
    except Conflict:
        if agreement is None or not tx.charges.awaits_invoice(invoice.customer_id, agreement.group_id):
            raise
        # The bank is still at an earlier invoice of the agreement, which keeps nobody from collecting this one.
        charge = replace(charge, agreement=None)
        tx.charges.add(charge)
    # Its lines are those of the invoice, which has a record of its own.
    tx.audit.record(actor, "charge.start", charge.id, now, after=replace(charge, lines=()))
    return charge


def _gathered(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, bill: Bill, reason: InvoiceReason, at: datetime
) -> Invoice:
    """Store what is billed with what has gathered for the customer already, or for the cadence."""
    invoice = bill.pending
    if invoice is not None:
        invoice = replace(invoice, billing_cadence_id=agreement.billing_cadence_id)
    if invoice is None:
        empty = new_invoice(customer, (), currency=bill.currency, agreement=agreement, reason=reason, at=at)
        invoice = replace(empty, status="gathering")
        tx.invoices.add(invoice)
    basis = covering(invoice.basis, bill.period)
    return replace(invoice.with_lines(invoice.lines + bill.charges), reason=reason, basis=basis)
