"""Mark an agreement unpaid: an invoice of it is owed, and there is no card."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.save_agreement import save_agreement


def mark_unpaid(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, *, source: EventSource, actor: str, at: datetime
) -> None:
    """Mark an agreement, unless it has ended or is unpaid already; the customer is locked by the caller."""
    if agreement.is_unpaid or not agreement.is_live:
        return
    unpaid = replace(agreement, is_unpaid=True)
    save_agreement(tx, customer, unpaid)
    tx.audit.record(actor, "agreement.update", agreement.id, at, before=agreement, after=unpaid)
    announce_update(tx, agreement, unpaid, customer=customer, source=source, at=at)
