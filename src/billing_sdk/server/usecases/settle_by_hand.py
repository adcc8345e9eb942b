"""Settle an invoice by hand: it was paid by other means, such as a bank transfer, or is given up."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import InvoiceNotPayable
from billing_sdk.server.domain.customers import OTHER_MEANS, Customer, MethodName
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_charge import settle_customer
from billing_sdk.server.usecases.dunning import mark_agreements, stop_dunning
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.mirror_invoice import mirror_later
from billing_sdk.server.usecases.pay_invoice import settle_invoice
from billing_sdk.server.usecases.under_way import under_way
from billing_sdk.server.usecases.write_off import write_off

LONGEST_REFERENCE = 255


def pay_by_other_means(
    engine: Engine, invoice_id: str, *, reference: str = "", source: EventSource = "api", actor: str | None = None
) -> Invoice:
    """Record that an invoice was paid otherwise, such as by a bank transfer; nothing is charged.

    Args:
        engine: the engine.
        invoice_id: what was paid, in full.
        reference: what identifies the payment elsewhere.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such invoice.
        InvoiceNotPayable: there is nothing to pay.
        Conflict: a card is being charged for it.
    """
    actor = actor or source
    with engine.read() as tx:
        customer_id = tx.invoices.get(invoice_id).customer_id
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer, invoice = _held(engine, tx, invoice_id, actor=actor)
        payment = Payment(
            id=new_id("payment"),
            customer_id=customer.id,
            amount=invoice.amount - invoice.credited,
            status="succeeded",
            attempted_at=engine.now_for(tx, customer),
            method=MethodName(OTHER_MEANS),
            reference=reference[:LONGEST_REFERENCE] or None,
            invoice_id=invoice.id,
        )
        settled = settle_invoice(tx, customer, invoice, payment, source=source, actor=actor)
        mirror_later(tx, customer, settled, at=payment.attempted_at)
        return settled


def write_off_invoice(
    engine: Engine, invoice_id: str, *, source: EventSource = "api", actor: str | None = None
) -> Invoice:
    """Give an owed invoice up; what has closed access because of it stays closed until it is paid.

    Raises:
        NotFound: there is no such invoice.
        InvoiceNotPayable: nobody owes it.
        Conflict: a card is being charged for it.
    """
    actor = actor or source
    with engine.read() as tx:
        customer_id = tx.invoices.get(invoice_id).customer_id
    settle_customer(engine, customer_id)
    with engine.begin() as tx:
        customer, invoice = _held(engine, tx, invoice_id, actor=actor)
        if not invoice.is_owed:
            raise InvoiceNotPayable(f"the invoice {invoice.name} is {invoice.status}", status=invoice.status)
        return give_up_invoice(tx, customer, invoice, source=source, actor=actor, at=engine.now_for(tx, customer))


def give_up_invoice(
    tx: UnitOfWork, customer: Customer, invoice: Invoice, *, source: EventSource, actor: str, at: datetime
) -> Invoice:
    """Give an owed invoice up in a transaction, with what follows from it; the customer is locked."""
    invoice = write_off(tx, customer, invoice, source=source, actor=actor, at=at)
    stop_dunning(tx, customer, invoice, "uncollectible", source=source, actor=actor, at=at)
    mark_agreements(tx, customer, invoice, source=source, actor=actor, at=at)
    return invoice


def _held(engine: Engine, tx: UnitOfWork, invoice_id: str, *, actor: str) -> tuple[Customer, Invoice]:
    """Return an invoice that can be paid, and its customer, locked.

    An attempt to collect it ends that nobody confirms, or that has taken another amount: somebody has looked into it.
    """
    customer = tx.customers.lock(tx.invoices.get(invoice_id).customer_id)
    invoice = tx.invoices.get(invoice_id)
    if not invoice.is_payable:
        raise InvoiceNotPayable(f"the invoice {invoice.name} is {invoice.status}", status=invoice.status)
    charge = tx.charges.of_invoice(invoice_id)
    if charge is None:
        return customer, invoice
    if charge.awaits is None or charge.awaits.reason not in ("authentication", "mismatch"):
        raise under_way(charge)
    tx.charges.remove(charge.id)
    tx.audit.record(actor, "charge.settle_by_hand", charge.id, engine.now(), before=charge)
    return customer, invoice
