"""Receive a payment before its invoice: what becomes of a payment intent with each answer of its gateway, and its use.

All of these happen in the transaction that records the answer, or that issues the invoice; the customer is locked by
the caller.
"""

from __future__ import annotations

from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import AwaitReason, Payment, PaymentIntent, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.post import post_received


def receive_payment(tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment) -> None:
    """Record that a payment intent has succeeded: the customer has its money with us from now on."""
    before = tx.payment_intents.get(charge.payment_intent_id or "")
    tx.invoices.add_payment(payment)
    post_received(tx, payment)
    _save(tx, before, before.paid_by(payment), charge.actor, "payment_intent.succeed", payment.attempted_at)
    tx.audit.record(charge.actor, "payment.succeeded", payment.id, payment.attempted_at, after=payment)
    tx.outbox.announce(
        type="customer.payment_succeeded",
        data=event_data.of_payment(payment, None),
        customer=customer,
        source=charge.source,
        at=payment.attempted_at,
    )


def note_refusal(tx: UnitOfWork, charge: PendingCharge, payment: Payment) -> None:
    """Record that an attempt was refused: another payment method may do."""
    before = tx.payment_intents.get(charge.payment_intent_id or "")
    after = before.declined(payment.decline_code or "generic_decline")
    _save(tx, before, after, charge.actor, "payment_intent.decline", payment.attempted_at)


def note_waiting(tx: UnitOfWork, charge: PendingCharge, reason: AwaitReason, *, at: datetime) -> None:
    """Record that an attempt waits for its payer; whatever else it waits for is processing."""
    if charge.payment_intent_id is None or reason != "authentication":
        return
    before = tx.payment_intents.get(charge.payment_intent_id)
    if before.status == "processing":
        _save(tx, before, before.after("ask"), charge.actor, "payment_intent.ask", at)


def note_withdrawal(tx: UnitOfWork, charge: PendingCharge, *, at: datetime) -> None:
    """Record that nobody can pay an attempt any more."""
    before = tx.payment_intents.get(charge.payment_intent_id or "")
    _save(tx, before, before.withdrawn(), charge.actor, "payment_intent.withdraw", at)


def keep_payment(tx: UnitOfWork, payment: Payment) -> None:
    """Store a payment with the invoice that it has paid; one that was taken before that is stored already.

    Raises:
        Conflict: it has paid another invoice meanwhile.
    """
    if payment.payment_intent_id is None:
        tx.invoices.add_payment(payment)
    else:
        tx.payment_intents.use(payment)


def require_for(tx: UnitOfWork, payment_intent_id: str, *, customer: Customer, amount: Money) -> Payment:
    """Return the payment of a payment intent for what a customer is to pay, to be handed on in this transaction.

    Whoever asks hands it to `conclude_change`, `issue_invoice` or `settle_invoice`, which use it, once.

    Args:
        tx: the transaction.
        payment_intent_id: which one.
        customer: who is to pay; locked by the caller.
        amount: what is to be paid, exactly.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        PaymentIntentCustomerInvalid: it is another customer's.
        PaymentIntentStatusInvalid: it has not succeeded, or has paid for something, or was given back.
        PaymentIntentAmountInvalid: it is of another amount.
    """
    intent = tx.payment_intents.get(payment_intent_id)
    intent.check(customer_id=customer.id, amount=amount)
    return tx.invoices.get_payment(intent.payment_id or "")


def _save(tx: UnitOfWork, before: PaymentIntent, after: PaymentIntent, actor: str, action: str, at: datetime) -> None:
    tx.payment_intents.save(after)
    tx.audit.record(actor, action, after.id, at, before=before, after=after)
