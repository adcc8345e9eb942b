"""Issue an invoice: the one way in which an invoice gets its number and starts to count, whatever it is for.

All that an invoice does to a customer's books happens here, in the transaction that decides what is billed: its
number, its place on the customer's balance, and the record of it. Who collects it, and when, is the caller's business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    Invoice,
    InvoiceReason,
    Lines,
    Payment,
    awaits_gateway_tax,
    covering,
    uncompleted,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.accrue import accrue_waiting
from billing_sdk.server.usecases.credit_balance import book_invoice
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.post import post_invoice, post_payment
from billing_sdk.server.usecases.receive_payment import keep_payment
from billing_sdk.server.usecases.spend_credit import settle_credit, spend_credit


def new_invoice(
    customer: Customer,
    lines: Lines,
    *,
    currency: str,
    agreement: Agreement | None,
    reason: InvoiceReason,
    at: datetime,
    billing_cadence_id: str | None = None,
) -> Invoice:
    """Return an invoice that is ready to be issued, and not stored.

    Args:
        customer: whose invoice it is.
        lines: what it says.
        currency: of all its lines.
        agreement: what it is about; None for several agreements, or none.
        reason: what it is made for.
        at: the customer's present.
        billing_cadence_id: the cadence that it is the invoice of; that of the agreement by default.
    """
    if agreement is not None:
        billing_cadence_id = billing_cadence_id or agreement.billing_cadence_id
    return Invoice(
        id=new_id("invoice"),
        number=None,
        customer_id=customer.id,
        agreement_id=None if agreement is None else agreement.id,
        status="awaiting_sending",
        currency=currency,
        lines=lines,
        created_at=at,
        reason=reason,
        billing_cadence_id=billing_cadence_id,
    )


def issue_invoice(
    tx: UnitOfWork,
    customer: Customer,
    invoice: Invoice,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
    payment: Payment | None = None,
    charge_id: str | None = None,
    is_stored: bool = False,
    has_waited: bool = False,
) -> Invoice:
    """Give an invoice its number, and let it count from now on.

    One that comes to nothing is paid at once. One whose tax the payment processor has still to be asked for waits for
    that, and is issued by its timer. The customer is locked by the caller.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        invoice: complete, and waiting for nothing but this.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
        payment: what has paid it already, where it is issued for that.
        charge_id: the charge that collected that, which has used the credit balance before.
        is_stored: it has waited, or was a draft, or other charges gather on it.
        has_waited: it is not issued in the transaction that decides what is billed, but after that.

    Returns:
        The invoice as it is stored: issued, paid, or waiting for its tax.

    Raises:
        Conflict: it has been issued before, or waits for something.
    """
    profile = tx.billing_profiles.of(customer, invoice.billing_cadence_id)
    if payment is None and awaits_gateway_tax(invoice.lines, profile.tax):
        return _wait_for_tax(tx, customer, invoice, at=at, is_stored=is_stored)
    invoice = replace(
        invoice.issued(tx.invoices.next_number(profile.numbering), at=at, due_at=profile.due_at(at)),
        profile_id=customer.profile_id,
        collection_method=profile.collection_method,
    )
    issued = invoice
    if payment is not None or not invoice.amount:
        invoice = invoice.paid_by(None if payment is None else payment.id)
    if payment is not None:
        keep_payment(tx, replace(payment, invoice_id=invoice.id))
    (tx.invoices.save_unissued if is_stored else tx.invoices.add)(invoice)
    tx.audit.record(actor, "invoice.issue", invoice.id, at, after=invoice)
    data = event_data.of_invoice(issued)
    tx.outbox.announce(type="customer.invoice_issued", data=data, customer=customer, source=source, at=at)
    if charge_id is None:
        book_invoice(tx, invoice, at=at)
        spend_credit(tx, invoice, at=at)
    else:
        tx.credits.settle(charge_id, invoice_id=invoice.id)
        settle_credit(tx, charge_id, invoice)
    post_invoice(tx, invoice, at=at, has_waited=has_waited)
    if payment is not None:
        post_payment(tx, invoice, payment, at=at)
    if invoice.is_owed and invoice.collection_method == "send_invoice":
        tx.timers.set("overdue", invoice.id, invoice.due_at or at, customer)
    if not invoice.is_to_be_charged and payment is None:
        mirror_later(tx, customer, invoice, at=at)
    return invoice


def _wait_for_tax(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, at: datetime, is_stored: bool) -> Invoice:
    lines = uncompleted(invoice.lines)
    period = Period(min(line.period.start for line in lines), max(line.period.end for line in lines))
    waiting = replace(invoice, lines=lines, basis=covering(invoice.basis, period), send_at=at)
    (tx.invoices.save_unissued if is_stored else tx.invoices.add)(waiting)
    tx.timers.set("invoice", waiting.id, at, customer)
    accrue_waiting(tx, customer, waiting, at=at)
    return waiting
