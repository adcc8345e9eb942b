"""Post: what happens to money goes to the books, in the transaction that makes it happen.

Each verb is called once, by the use case that has the effect, which holds the lock on the customer. Nothing that was
posted is ever changed; what undoes it is posted beside it.
"""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.invoicing import (
    Invoice,
    Payment,
    agreements_with_usage,
    issue_entries,
    payment_entry,
    reversal_entry,
)
from billing_sdk.server.domain.ledger import JournalEntry
from billing_sdk.server.storage import UnitOfWork


def post_invoice(tx: UnitOfWork, invoice: Invoice, *, at: datetime) -> None:
    """Post an invoice that is issued: what is owed, what is earned now and later, and what accrual it takes back.

    Args:
        tx: the transaction.
        invoice: what is issued.
        at: when, in the customer's time.
    """
    entries: list[JournalEntry] = []
    for agreement_id in agreements_with_usage(invoice):
        accrued = tx.ledger.take_accrued(agreement_id)
        if accrued is not None:
            entries.append(reversal_entry(invoice, agreement_id, accrued, at=at))
    entries += issue_entries(invoice, at=at)
    tx.ledger.add(entries)


def post_payment(tx: UnitOfWork, invoice: Invoice, payment: Payment) -> None:
    """Post a payment that has succeeded.

    Args:
        tx: the transaction.
        invoice: what it has paid, as it was before.
        payment: the payment.
    """
    tx.ledger.add([payment_entry(invoice, payment.id, payment.amount, at=payment.attempted_at)])
