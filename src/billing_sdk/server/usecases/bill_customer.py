"""Issue an invoice that is not paid yet, together with the charge that is to pay it.

Both are written in the transaction that decides what is billed, and the gateway is asked after it, as with every
charge. What is billed at a billing date is owed whether or not the card works, so the invoice is there before the
payment and stays owed until it is paid.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    LEASE_SECONDS,
    Invoice,
    InvoiceReason,
    Lines,
    PendingCharge,
    RatedInterval,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.rate_intervals import store_rated


@dataclass(frozen=True, slots=True)
class Billed:
    """What was issued.

    Attributes:
        invoice: None where there was nothing to bill.
        charge: to be collected after the transaction; None where nothing is owed, or there is no card.
    """

    invoice: Invoice | None = None
    charge: PendingCharge | None = None

    @property
    def is_owed(self) -> bool:
        """Whether the customer owes it for want of a card."""
        return self.invoice is not None and self.invoice.is_owed and self.charge is None


def bill_customer(
    tx: UnitOfWork,
    engine: Engine,
    *,
    customer: Customer,
    agreement: Agreement,
    lines: Lines,
    reason: InvoiceReason,
    source: EventSource,
    actor: str,
    at: datetime,
    rated: Collection[RatedInterval] = (),
) -> Billed:
    """Issue an invoice, and write down the charge for it where the customer has a card.

    One that there is no card for is announced as overdue. The customer is locked by the caller, and no charge for the
    agreement's plan group is under way.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: who owes it.
        agreement: as it is from then on; it is stored already.
        lines: what is billed; without lines there is no invoice.
        reason: what the invoice is for.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
        rated: what is kept of the service intervals whose usage the lines charge.

    Raises:
        Conflict: a charge for the plan group is under way.
    """
    if not lines:
        store_rated(tx, customer, rated, invoice=None, at=at)
        return Billed()
    wanted = new_invoice(customer, lines, currency=agreement.currency, agreement=agreement, reason=reason, at=at)
    invoice = issue_invoice(tx, wanted, actor=actor, at=at)
    store_rated(tx, customer, rated, invoice=invoice, at=at)
    if not invoice.is_owed:
        return Billed(invoice)
    charge = charge_for(tx, engine, invoice, agreement, source=source, actor=actor)
    if charge is None:
        # It is due with its date, and there is nothing to take it from.
        data = event_data.of_invoice(invoice)
        tx.outbox.announce(type="customer.invoice_overdue", data=data, customer=customer, source=source, at=at)
    return Billed(invoice, charge)


def charge_for(
    tx: UnitOfWork, engine: Engine, invoice: Invoice, agreement: Agreement | None, *, source: EventSource, actor: str
) -> PendingCharge | None:
    """Write down that an invoice is to be collected; None where the customer has no card.

    Args:
        tx: the transaction.
        engine: the engine.
        invoice: what is to be paid.
        agreement: what it is about; None for several agreements, or none.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Raises:
        Conflict: a charge for the plan group, or for this invoice, is under way.
    """
    method = tx.customers.find_payment_method(invoice.customer_id)
    if method is None:
        return None
    now = engine.now()
    charge = PendingCharge(
        id=new_id("charge"),
        customer_id=invoice.customer_id,
        agreement=agreement,
        payment_method_id=method.id,
        lines=invoice.lines_due,
        currency=invoice.currency,
        source=source,
        actor=actor,
        started_at=now,
        lease_ends_at=now + timedelta(seconds=LEASE_SECONDS),
        invoice_id=invoice.id,
    )
    tx.charges.add(charge)
    tx.audit.record(actor, "charge.start", charge.id, now, after=charge)
    return charge
