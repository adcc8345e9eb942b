"""Pay an owed invoice, or leave it unpaid: what becomes of it when the outcome of its charge is known.

Unlike the charge for a change, this one gives the customer nothing new: the agreement is what it has become
meanwhile, and only whether it is paid for changes.
"""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, Payment, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.buy_credit import credit_paid
from billing_sdk.server.usecases.conclude_change import record_payment
from billing_sdk.server.usecases.dunning import mark_agreements, note_failure
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.no_longer_owed import no_longer_owed
from billing_sdk.server.usecases.post import post_payment
from billing_sdk.server.usecases.receive_payment import keep_payment

# Who collects at billing dates, and tries again on the schedule of dunning.
TIMER = "timer"


def pay_invoice(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> Agreement | None:
    """Settle the invoice of a charge that has succeeded; the caller has locked the customer and removed the charge.

    Returns:
        The agreement that it is about, as it is then; None where it is about several, or none.

    Raises:
        Conflict: nobody owes it any more.
    """
    before = tx.invoices.get(charge.invoice_id or "")
    settle_invoice(tx, customer, before, payment, source=charge.source, actor=charge.actor)
    return None if charge.agreement is None else tx.agreements.get(charge.agreement.id)


def settle_invoice(
    tx: UnitOfWork, customer: Customer, before: Invoice, payment: Payment, *, source: EventSource, actor: str
) -> Invoice:
    """Let a payment settle an invoice, and end whatever has followed from its absence.

    The customer is locked by the caller, and no charge for the invoice is under way.

    Raises:
        Conflict: nobody owes it any more.
    """
    invoice, at = before.paid_by(payment.id), payment.attempted_at
    keep_payment(tx, replace(payment, invoice_id=invoice.id))
    tx.invoices.settle(invoice)
    post_payment(tx, before, payment, at=at)
    # Its lines are as they were when it was issued, which has a record of its own.
    states = {"before": replace(before, lines=()), "after": replace(invoice, lines=())}
    tx.audit.record(actor, "invoice.pay", invoice.id, at, **states)
    record_payment(tx, customer, payment, invoice, source=source, actor=actor)
    credit_paid(tx, customer, invoice, source=source, actor=actor, at=at)
    if _has_been_late(tx, before):
        no_longer_owed(tx, customer, invoice, source=source, actor=actor, at=at)
        # It may be known as owed to a gateway that the workspace had before.
        mirror_later(tx, customer, invoice, at=at)
    return invoice


def leave_unpaid(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> None:
    """Record that the charge of an invoice was refused: it stays owed, the agreement is unpaid, and dunning goes on.

    Where it was to be paid later only, somebody has tried early: nothing follows from that.
    """
    invoice, at = tx.invoices.get(charge.invoice_id or ""), payment.attempted_at
    record_payment(tx, customer, payment, invoice, source=charge.source, actor=charge.actor)
    if invoice.is_due:
        mark_agreements(tx, customer, invoice, source=charge.source, actor=charge.actor, at=at)
        is_scheduled = charge.actor == TIMER
        note_failure(tx, customer, invoice, is_scheduled=is_scheduled, source=charge.source, actor=charge.actor, at=at)


def _has_been_late(tx: UnitOfWork, invoice: Invoice) -> bool:
    """Tell whether anything may follow from an invoice; most are paid as soon as they are there."""
    if invoice.status != "issued" or invoice.collection_method == "send_invoice" or not invoice.agreement_ids:
        return True
    return any(tx.agreements.get(agreement_id).is_unpaid for agreement_id in invoice.agreement_ids)
