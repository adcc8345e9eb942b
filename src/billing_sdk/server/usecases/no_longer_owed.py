"""What follows when nothing is owed for an invoice any more, however that came: dunning ends, and access opens."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.collection import DunningOutcome
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.dunning import mark_agreements, stop_dunning


def no_longer_owed(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Let nothing more follow from an invoice, and mark its agreements as paid for unless something else is owed.

    Args:
        tx: the transaction.
        customer: whose invoice it is; locked by the caller.
        invoice: as it is stored: paid, void, or credited as a whole.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    outcome: DunningOutcome = "not_owed" if invoice.payment_id is None else "paid"
    stop_dunning(tx, customer, invoice, outcome, source=source, actor=actor, at=at)
    mark_agreements(tx, customer, invoice, source=source, actor=actor, at=at)
