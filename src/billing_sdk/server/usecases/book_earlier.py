"""Book what was invoiced and paid before there were books; a migration has noted which invoices those are."""

from __future__ import annotations

from billing_sdk.server.domain.invoicing import issue_entries, payment_entry
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

BATCH = 500
# So that a server with a long past starts at once; what is left is booked while it runs.
MOST_BATCHES = 10


def book_earlier(engine: Engine) -> int:
    """Book the next earlier invoices with their payments, each on its own days; return how many there were.

    Any number of processes may do so at once, and be stopped at any time: an invoice is taken off the list in the
    transaction that books it.
    """
    count = 0
    for _ in range(MOST_BATCHES):
        with engine.read() as tx:
            waiting = tx.ledger.unbooked(limit=BATCH)
        if not waiting:
            break
        with engine.begin() as tx:
            count += sum(_book(tx, invoice_id) for invoice_id in waiting if tx.ledger.take_unbooked(invoice_id))
    return count


def _book(tx: UnitOfWork, invoice_id: str) -> bool:
    invoice = tx.invoices.get(invoice_id)
    if invoice.status == "void":
        return False
    entries = list(issue_entries(invoice, at=invoice.issued_at or invoice.created_at))
    known = {entry.payment_id for entry in tx.ledger.of_invoice(invoice.customer_id, invoice.id)}
    if invoice.payment_id is not None and invoice.payment_id not in known:
        payment = tx.invoices.get_payment(invoice.payment_id)
        entries.append(payment_entry(invoice, payment, at=payment.attempted_at))
    tx.ledger.add(entries)
    return True
