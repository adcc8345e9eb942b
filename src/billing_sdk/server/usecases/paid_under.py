"""What was paid, or is owed, under an agreement: what was given back by credit notes is not given back again."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing import Lines
from billing_sdk.server.storage import UnitOfWork


def paid_under(tx: UnitOfWork, agreement: Agreement, *, after: datetime) -> Lines:
    """Return the lines of paid invoices of an agreement, and lines below zero of what credit notes have taken back.

    Args:
        tx: the transaction.
        agreement: which one; the first invoice of it may settle the agreement that it has replaced, and those lines
            are not among them.
        after: their periods end after this instant.
    """
    paid = tx.invoices.paid_lines(agreement.id, after=after, since=agreement.started_at)
    return (*paid, *tx.credit_notes.taken_back(agreement.id, after=after, since=agreement.started_at))


def billed_under(tx: UnitOfWork, agreement: Agreement, *, after: datetime) -> Lines:
    """Return the same with the lines of invoices that are still to be paid, and of what gathers for the next one.

    Whoever changes what is billed by a cadence is asked for the old price as a whole, and is given back what is not
    used of it, before or after it is paid (Stripe documentation, "Billing intents", proration).
    """
    owed = (
        line
        for line in tx.invoices.owed_lines(agreement.id)
        if line.period.end > after and line.period.start >= agreement.started_at
    )
    return (*paid_under(tx, agreement, after=after), *owed)
