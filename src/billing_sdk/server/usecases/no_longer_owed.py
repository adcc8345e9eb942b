"""What follows when nothing is owed for an invoice any more, however that came: its agreements may be paid for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update


def no_longer_owed(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Mark the agreements of an invoice as paid for, unless something else is owed for them.

    Args:
        tx: the transaction.
        customer: whose invoice it is; locked by the caller.
        invoice: as it is stored: paid, void, or credited as a whole.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    for agreement_id in invoice.agreement_ids:
        before = tx.agreements.get(agreement_id)
        if not before.is_unpaid or tx.invoices.owed_for(agreement_id):
            continue
        after = replace(before, is_unpaid=False)
        tx.agreements.save(after)
        tx.audit.record(actor, "agreement.update", after.id, at, before=before, after=after)
        announce_update(tx, before, after, customer=customer, source=source, at=at)
