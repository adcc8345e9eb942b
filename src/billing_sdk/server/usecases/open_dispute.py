"""Open a dispute: a bank asks for a payment back, asks about it, or tells that it may be a fraud."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Dispute, DisputeKind, Grounds, Payment, ToldDispute
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data_corrections as event_data
from billing_sdk.server.usecases.close_dispute import follow_dispute, invoice_of
from billing_sdk.server.usecases.post import post_dispute

# What is announced of one that is new. A fraud warning asks for nothing, and is no dispute.
NEWS: Mapping[DisputeKind, str] = {
    "dispute": "customer.payment_disputed",
    "inquiry": "customer.payment_disputed",
    "fraud_warning": "customer.payment_fraud_warned",
}


def open_dispute(
    tx: UnitOfWork,
    customer: Customer,
    payment: Payment,
    told: ToldDispute,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Dispute:
    """Record a dispute as its processor tells it; one that is known already is brought in line with that.

    One that is told first when it has ended is opened and ended, so that whoever follows the events sees both.

    Args:
        tx: the transaction.
        customer: whose payment it is; locked by the caller.
        payment: what is disputed.
        told: fetched from the processor.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    known = tx.disputes.find_by_reference(payment.gateway, told.reference)
    if known is None:
        known = _opened(tx, customer, payment, told, source, actor, at)
    return follow_dispute(tx, customer, known, told, source=source, actor=actor, at=at)


def dispute_at_once(
    tx: UnitOfWork,
    customer: Customer,
    payment_id: str,
    grounds: Grounds,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Dispute:
    """Record the dispute that a test card stands for, in the transaction of the payment."""
    payment = tx.invoices.get_payment(payment_id)
    told = ToldDispute(payment.gateway_reference or payment.id, payment.amount, grounds.reason, grounds.kind)
    return open_dispute(tx, customer, payment, told, source=source, actor=actor, at=at)


def _opened(
    tx: UnitOfWork,
    customer: Customer,
    payment: Payment,
    told: ToldDispute,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Dispute:
    dispute = Dispute(
        id=new_id("dispute"),
        payment_id=payment.id,
        invoice_id=payment.invoice_id,
        customer_id=customer.id,
        gateway=payment.gateway,
        reference=told.reference,
        kind=told.kind,
        amount=told.amount,
        reason=told.reason,
        status="needs_response",
        opened_at=at,
        evidence_due_at=told.evidence_due_at,
    )
    tx.disputes.add(dispute)
    post_dispute(tx, None, dispute, at=at)
    tx.audit.record(actor, "dispute.open", dispute.id, at, after=dispute)
    data = event_data.of_dispute(dispute, invoice_of(tx, dispute))
    tx.outbox.announce(type=NEWS[told.kind], data=data, customer=customer, source=source, at=at)
    return dispute
