"""Keep what was paid at a processor beyond what was owed by then: on the customer's balance, until it goes back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing import Invoice, Payment, overpaid_entry
from billing_sdk.server.gateways import PaymentRefund
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.issue_credit_note import keep_on_balance
from billing_sdk.server.usecases.refunded_elsewhere import COUNTED
from billing_sdk.server.usecases.take_outside_dispute import PROCESSOR

REASON: Final = "overpaid"


def keep_surplus(tx: UnitOfWork, invoice: Invoice, payment: Payment, surplus: Money) -> None:
    """Put on the customer's balance what a payment has brought beyond what it has settled.

    Args:
        tx: the transaction; it has locked the customer.
        invoice: what was paid.
        payment: with the amount that was owed.
        surplus: what came with it.
    """
    at = payment.attempted_at
    _change(tx, invoice, payment, surplus, at=at)
    tx.audit.record(PROCESSOR, "payment.surplus", payment.id, at, after={"invoice": invoice.id, "surplus": surplus})


def give_surplus_back(tx: UnitOfWork, payment: Payment, found: PaymentRefund, *, at: datetime) -> bool:
    """Take off the balance what was refunded at the processor of a surplus; False where it is none, or is used.

    Args:
        tx: the transaction; it has locked the customer.
        payment: what is refunded of.
        found: the refund.
        at: the customer's present.
    """
    kept = [
        entry.amount
        for entry in tx.credits.of_customer(payment.customer_id)
        if entry.invoice_id == payment.invoice_id and entry.reason == REASON
    ]
    currency = payment.amount.currency
    if not kept or found.amount.currency != currency:
        return False
    there = min(total(kept, currency).minor, tx.credits.balance(payment.customer_id, currency).minor)
    if found.amount.minor > there:
        return False
    _change(tx, tx.invoices.get(payment.invoice_id or ""), payment, -found.amount, at=at)
    tx.audit.record(PROCESSOR, COUNTED, found.reference, at, after={"payment": payment.id, "amount": found.amount})
    return True


def _change(tx: UnitOfWork, invoice: Invoice, payment: Payment, amount: Money, *, at: datetime) -> None:
    keep_on_balance(tx, invoice, amount, reason=REASON, at=at)
    tx.ledger.add([overpaid_entry(invoice, amount, payment_id=payment.id, at=at)])
