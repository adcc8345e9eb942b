"""Make an invoice void in the transaction of whatever causes it; what has paid some of it is there again."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import Conflict, InvoicePaid
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import CreditEntry, Invoice, balance_change, check_issued
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data_corrections as event_data
from billing_sdk.server.usecases.buy_credit import credit_not_bought
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.no_longer_owed import no_longer_owed
from billing_sdk.server.usecases.post import post_void
from billing_sdk.server.usecases.spend_credit import reinstate_credit


def void(
    tx: UnitOfWork, customer: Customer, before: Invoice, *, source: EventSource, actor: str, at: datetime
) -> Invoice:
    """Make an invoice void in the transaction of whatever causes it; the caller has locked the customer.

    Raises:
        InvoiceNotIssued, InvoicePaid, InvoiceVoid: it can't be.
        Conflict: a payment of it is under way.
    """
    check_issued(before)
    if before.status == "paid":
        raise InvoicePaid(f"the invoice {before.name} is paid")
    if tx.charges.has_for_invoice(before.id):
        raise Conflict(f"a payment of {before.name} is under way", remedy="Try again in a minute.")
    invoice = before.moved("void")
    tx.invoices.settle(invoice)
    tx.audit.record(actor, "invoice.void", invoice.id, at, before=before, after=invoice)
    _reinstate_balance(tx, invoice, at)
    reinstate_credit(tx, customer, invoice, at=at)
    credit_not_bought(tx, invoice, actor=actor, at=at)
    post_void(tx, invoice, at=at)
    data = event_data.of_voided(invoice)
    tx.outbox.announce(type="customer.invoice_voided", data=data, customer=customer, source=source, at=at)
    no_longer_owed(tx, customer, invoice, source=source, actor=actor, at=at)
    mirror_later(tx, customer, invoice, at=at)
    return invoice


def _reinstate_balance(tx: UnitOfWork, invoice: Invoice, at: datetime) -> None:
    """Put back on the customer's balance what the invoice has used of it, less what credit notes have put back."""
    used = -balance_change(invoice.lines, invoice.currency)
    for note in tx.credit_notes.of_invoice(invoice.id):
        used -= note.going_to("balance")
    if used.minor <= 0:
        return
    tx.credits.add(
        CreditEntry(
            id=new_id("credit"),
            customer_id=invoice.customer_id,
            amount=used,
            reason="void",
            at=at,
            agreement_id=invoice.agreement_id,
            invoice_id=invoice.id,
        )
    )
