"""Pay an invoice, or leave it unpaid: what becomes of it when the outcome of its charge is known.

Unlike the charge for a change, this one gives the customer nothing new: the agreement is what it has become
meanwhile, and only whether it is paid for changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Payment, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.conclude_change import record_payment
from billing_sdk.server.usecases.post import post_payment


def pay_invoice(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> Agreement:
    """Settle the invoice of a charge that has succeeded; the caller has locked the customer and removed the charge.

    Raises:
        Conflict: nobody owes it any more.
    """
    before = tx.invoices.get(charge.invoice_id or "")
    invoice = before.paid_by(payment.id)
    tx.invoices.add_payment(payment)
    tx.invoices.settle(invoice)
    post_payment(tx, before, payment)
    tx.audit.record(charge.actor, "invoice.pay", invoice.id, payment.attempted_at, before=before, after=invoice)
    record_payment(tx, customer, payment, invoice, source=charge.source, actor=charge.actor)
    still_owed = tx.invoices.owed_for(charge.agreement.id)
    return _mark(tx, customer, charge, is_unpaid=bool(still_owed), at=payment.attempted_at)


def leave_unpaid(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> None:
    """Record that the charge of an invoice was refused: it stays owed, and the agreement is unpaid."""
    invoice = tx.invoices.get(charge.invoice_id or "")
    record_payment(tx, customer, payment, invoice, source=charge.source, actor=charge.actor)
    _mark(tx, customer, charge, is_unpaid=True, at=payment.attempted_at)


def _mark(tx: UnitOfWork, customer: Customer, charge: PendingCharge, *, is_unpaid: bool, at: datetime) -> Agreement:
    before = tx.agreements.get(charge.agreement.id)
    if before.is_unpaid == is_unpaid:
        return before
    after = replace(before, is_unpaid=is_unpaid)
    tx.agreements.save(after)
    tx.audit.record(charge.actor, "agreement.update", after.id, at, before=before, after=after)
    announce_update(tx, before, after, customer=customer, source=charge.source, at=at)
    return after
