"""Announce what a seller has to know of payments besides whether they were taken."""

from __future__ import annotations

from billing_sdk.server.domain.events import Told
from billing_sdk.server.domain.invoicing import Awaits, PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def announce_action(tx: UnitOfWork, engine: Engine, charge: PendingCharge, awaits: Awaits) -> None:
    """Announce that a payer has to confirm a payment, so that somebody who is not there can be sent to the page."""
    customer = tx.customers.get(charge.customer_id)
    invoice = None if charge.invoice_id is None else tx.invoices.get(charge.invoice_id)
    data = {
        "payment": {
            "id": charge.id,
            "amount_minor": charge.amount.minor,
            "currency": charge.currency,
            "status": "requires_action",
            "decline_code": None,
        },
        "invoice": {"id": invoice.id, "number": invoice.number} if invoice else None,
        "url": awaits.url,
    }
    at = engine.now_for(tx, customer)
    tx.outbox.announce(
        type="customer.payment_action_required", data=data, customer=customer, source=charge.source, at=at
    )
    if invoice is not None:
        tx.standings.touched_invoices.add(invoice.id)
        if tx.outbox.is_pointed_to:
            told = Told("invoice.payment_action_required", "snapshot", f"invoice/{invoice.id}")
            tx.outbox.tell((told,), customer=customer, at=at)
