"""Write an invoice off: nobody expects it to be paid any more."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.post import post_write_off


def write_off(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> Invoice:
    """Make an owed invoice uncollectible; should it be paid all the same, it is paid.

    The customer is locked by the caller.

    Raises:
        Conflict: nobody owes it.
    """
    written_off = invoice.moved("write_off")
    tx.invoices.settle(written_off)
    post_write_off(tx, invoice, at=at)
    tx.audit.record(actor, "invoice.write_off", invoice.id, at, before=invoice, after=written_off)
    data = event_data.of_invoice(written_off)
    tx.outbox.announce(type="customer.invoice_uncollectible", data=data, customer=customer, source=source, at=at)
    mirror_later(tx, customer, written_off, at=at)
    return written_off
