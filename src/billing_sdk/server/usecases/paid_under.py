"""What was really paid under an agreement: what was given back by credit notes is not given back again."""

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
