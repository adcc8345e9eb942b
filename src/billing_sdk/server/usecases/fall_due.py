"""Let an invoice fall due: it should have been paid by now."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data


def fall_due(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> Invoice:
    """Make an issued invoice overdue, and announce it; one that is overdue stays so. The customer is locked."""
    if invoice.status != "issued":
        return invoice
    overdue = invoice.moved("fall_due")
    tx.invoices.settle(overdue)
    tx.audit.record(actor, "invoice.fall_due", invoice.id, at, before=invoice, after=overdue)
    data = event_data.of_invoice(overdue)
    tx.outbox.announce(type="customer.invoice_overdue", data=data, customer=customer, source=source, at=at)
    return overdue
