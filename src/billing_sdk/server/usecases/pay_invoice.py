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
from billing_sdk.server.usecases.buy_credit import credit_paid
from billing_sdk.server.usecases.conclude_change import record_payment
from billing_sdk.server.usecases.post import post_payment


def pay_invoice(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> Agreement | None:
    """Settle the invoice of a charge that has succeeded; the caller has locked the customer and removed the charge.

    Returns:
        The agreement that it is about, as it is then; None where it is about several, or none.

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
    credit_paid(tx, customer, invoice, source=charge.source, actor=charge.actor, at=payment.attempted_at)
    for agreement_id in invoice.agreement_ids:
        is_unpaid = tx.invoices.has_owed(agreement_id)
        _mark(tx, customer, charge, agreement_id, is_unpaid=is_unpaid, at=payment.attempted_at)
    return None if charge.agreement is None else tx.agreements.get(charge.agreement.id)


def leave_unpaid(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> None:
    """Record that the charge of an invoice was refused: it stays owed, and its agreements are unpaid."""
    invoice = tx.invoices.get(charge.invoice_id or "")
    record_payment(tx, customer, payment, invoice, source=charge.source, actor=charge.actor)
    for agreement_id in invoice.agreement_ids:
        _mark(tx, customer, charge, agreement_id, is_unpaid=True, at=payment.attempted_at)


def _mark(
    tx: UnitOfWork, customer: Customer, charge: PendingCharge, agreement_id: str, *, is_unpaid: bool, at: datetime
) -> None:
    before = tx.agreements.get(agreement_id)
    if before.is_unpaid == is_unpaid:
        return
    after = replace(before, is_unpaid=is_unpaid)
    tx.agreements.save(after)
    tx.audit.record(charge.actor, "agreement.update", after.id, at, before=before, after=after)
    announce_update(tx, before, after, customer=customer, source=charge.source, at=at)
