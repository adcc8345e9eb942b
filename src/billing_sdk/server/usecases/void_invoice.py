"""Void an invoice: it was a mistake, and asks for nothing any more; what has paid some of it is there again."""

from __future__ import annotations

from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_void import void


def void_invoice(engine: Engine, *, invoice_id: str, source: EventSource = "api", actor: str | None = None) -> Invoice:
    """Make an invoice void that nobody has paid.

    Args:
        engine: the engine.
        invoice_id: the invoice; issued, overdue or given up for lost.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such invoice.
        InvoiceNotIssued: it is not issued yet.
        InvoicePaid: it is paid; a credit note takes it back.
        InvoiceVoid: it is void already.
        Conflict: a payment of it is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="invoice.void", subject=invoice_id):
        with engine.read() as tx:
            customer_id = tx.invoices.get(invoice_id).customer_id
        settle_left_over(engine, customer_id=customer_id)
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            at = engine.now_for(tx, customer)
            invoice = tx.invoices.get(invoice_id)
            return void(tx, customer, invoice, source=source, actor=actor, at=at)
