"""Post: what happens to money goes to the books, in the transaction that makes it happen.

Each verb is called once, by the use case that has the effect, which holds the lock on the customer. Nothing that was
posted is ever changed; what undoes it is posted beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.invoicing import (
    BookedShare,
    CreditDestination,
    Dispute,
    Invoice,
    InvoiceReason,
    Payment,
    UnusedRefund,
    accrual_entry,
    adjustment_entries,
    agreements_delivered,
    bargain_entries,
    credit_note_entries,
    dispute_entry,
    expiry_entries,
    grant_entries,
    grant_void_entries,
    issue_entries,
    payment_entry,
    received_entry,
    refund_entry,
    refund_returned_entry,
    reversal_entry,
    settlement_entries,
    unused_refund_entry,
    used_until_month,
    void_entries,
    write_off_entry,
)
from billing_sdk.server.domain.ledger import JournalEntry, month_begin, month_begin_before
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.delivered import delivered

# What bills all that was delivered under its agreement, unless it has waited.
BILLS_ALL: frozenset[InvoiceReason] = frozenset({"renewal", "end", "threshold"})


def post_invoice(tx: UnitOfWork, invoice: Invoice, *, at: datetime, has_waited: bool = False) -> None:
    """Post an invoice that is issued: what is owed, what is earned now and later, and what accrual it takes back.

    Args:
        tx: the transaction.
        invoice: what is issued.
        at: when, in the customer's time.
        has_waited: it was made earlier, so something may have been delivered since, which it has not.
    """
    entries: list[JournalEntry] = []
    for agreement_id in agreements_delivered(invoice, at=at):
        accrued = tx.ledger.take_accrued(agreement_id)
        if accrued and (has_waited or invoice.reason not in BILLS_ALL):
            left = _still_accrued(tx, agreement_id, accrued, at=at)
            if left:
                tx.ledger.set_accrued(agreement_id, left)
            accrued -= left
            if accrued:
                entries.append(reversal_entry(invoice, agreement_id, accrued, at=at))
            continue
        if accrued is None and (accrued := used_until_month(invoice, agreement_id, at=at)):
            # The month has ended with the billing date, so nothing has accrued its usage but this.
            until = month_begin(at)
            entries.append(accrual_entry(invoice.customer_id, agreement_id, accrued, until=until, at=at))
        if accrued:
            entries.append(reversal_entry(invoice, agreement_id, accrued, at=at))
    entries += issue_entries(invoice, at=at)
    tx.ledger.add(entries)


def _still_accrued(tx: UnitOfWork, agreement_id: str, accrued: Money, *, at: datetime) -> Money:
    """Return how much of what is accrued is still on no issued invoice, of what the last month's end has looked at."""
    timer = tx.timers.find("accrue", agreement_id)
    until = month_begin(at) if timer is None else month_begin_before(timer.due_at)
    found = delivered(tx, tx.agreements.get(agreement_id), until=until).amount
    # Usage may have been corrected since; the end of this month sees to that.
    return Money(sorted((0, found.minor, accrued.minor))[1], accrued.currency)


def post_payment(tx: UnitOfWork, invoice: Invoice, payment: Payment, *, at: datetime) -> None:
    """Post a payment that has succeeded.

    Args:
        tx: the transaction.
        invoice: what it has paid, as it was before.
        payment: the payment.
        at: when it has paid it, in the customer's time.
    """
    tx.ledger.add([payment_entry(invoice, payment, at=at)])


def post_received(tx: UnitOfWork, payment: Payment) -> None:
    """Post a payment that has succeeded before it is known which invoice it pays."""
    tx.ledger.add([received_entry(payment)])


def post_unused_refund(tx: UnitOfWork, refund: UnusedRefund, *, at: datetime) -> None:
    """Post that money was given back which had paid nothing."""
    tx.ledger.add([unused_refund_entry(refund, at=at)])


def post_void(tx: UnitOfWork, invoice: Invoice, *, at: datetime) -> None:
    """Post that an invoice is void: what was booked of it is undone at once, and what lies ahead on its own day."""
    tx.ledger.add(void_entries(tx.ledger.of_invoice(invoice.customer_id, invoice.id), at=at))


def post_credit_note(
    tx: UnitOfWork,
    invoice: Invoice,
    credited: Iterable[BookedShare],
    parts: Mapping[CreditDestination, Money],
    *,
    note_id: str,
    at: datetime,
) -> None:
    """Post a credit note.

    Args:
        tx: the transaction.
        invoice: what it corrects.
        credited: how much of which lines, with the taxes of each.
        parts: how much of it goes where.
        note_id: the note.
        at: the customer's present.
    """
    tx.ledger.add(credit_note_entries(invoice, credited, parts, note_id=note_id, at=at))


def post_refund(tx: UnitOfWork, invoice: Invoice, amount: Money, *, refund_id: str, at: datetime) -> None:
    """Post a refund that has succeeded; its credit note has been posted before."""
    tx.ledger.add([refund_entry(invoice, amount, refund_id=refund_id, at=at)])


def post_refund_kept(tx: UnitOfWork, invoice: Invoice, amount: Money, *, refund_id: str, at: datetime) -> None:
    """Post a refund that has failed, whose amount is on the customer's balance."""
    tx.ledger.add([refund_entry(invoice, amount, refund_id=refund_id, to="credit_liability", at=at)])


def post_refund_returned(tx: UnitOfWork, invoice: Invoice, amount: Money, *, refund_id: str, at: datetime) -> None:
    """Post a refund that has come back after it had succeeded, whose amount is on the customer's balance."""
    tx.ledger.add([refund_returned_entry(invoice, amount, refund_id=refund_id, at=at)])


def post_write_off(tx: UnitOfWork, invoice: Invoice, *, at: datetime) -> None:
    """Post that an invoice is given up for lost.

    Args:
        tx: the transaction.
        invoice: as it was before, still owed.
        at: the customer's present.
    """
    tx.ledger.add([write_off_entry(invoice, at=at)])


def post_grant(tx: UnitOfWork, grant: CreditGrant, *, at: datetime) -> None:
    """Post a grant of credit that begins to exist."""
    tx.ledger.add(grant_entries(grant, at=at))


def post_grant_void(tx: UnitOfWork, grant: CreditGrant, *, at: datetime) -> None:
    """Post that a grant is taken back, as it was before."""
    tx.ledger.add(grant_void_entries(grant, at=at))


def post_grant_expiry(tx: UnitOfWork, grant: CreditGrant, amount: Money, *, at: datetime) -> None:
    """Post that an amount of a grant has ended unused."""
    tx.ledger.add(expiry_entries(grant, amount, at=at))


def post_dispute(tx: UnitOfWork, before: Dispute | None, after: Dispute, *, at: datetime) -> None:
    """Post where the money of a disputed payment is now; nothing where it has not moved."""
    entry = dispute_entry(before, after, at=at)
    if entry is not None:
        tx.ledger.add([entry])


def post_settlement(tx: UnitOfWork, grant: CreditGrant, *, at: datetime) -> None:
    """Post that somebody else has collected the payment of a grant."""
    tx.ledger.add(settlement_entries(grant, at=at))


def post_adjustment(tx: UnitOfWork, grant: CreditGrant, amount: Money, *, at: datetime) -> None:
    """Post that an adjustment has taken an amount of a grant."""
    tx.ledger.add(adjustment_entries(grant, amount, at=at))


def post_bought_back(tx: UnitOfWork, grant: CreditGrant, credit: Money, paid: Money, *, at: datetime) -> None:
    """Post that credit is taken back for less or more money than it was of; the credit note posts the money."""
    tx.ledger.add(bargain_entries("grant_void", grant, paid - credit, at=at))
