"""Chase an invoice that is not paid: what the timers of dunning do, and when an invoice that was sent is due.

Each timer is about one invoice. Its handler reads what has become of the invoice meanwhile: one that is owed no more
is left alone.
"""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_customer
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.dunning import close_access, mark_agreements, note_failure
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.fall_due import fall_due
from billing_sdk.server.usecases.pay_invoice import TIMER

# Nobody asked for it at that moment: the event names those who run the server.
SOURCE: EventSource = "admin"


def retry_collection(engine: Engine, timer: Timer) -> None:
    """Try again to collect an invoice (timer `dunning`); no card, and nobody to ask for one, is a failure as well.

    Raises:
        Conflict: the outcome of another charge can't be learnt at present.
    """
    settle_customer(engine, timer.customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        charge = _try_again(tx, engine, customer, tx.invoices.get(timer.subject_id))
    if charge is not None:
        collect_issued(engine, charge)


def end_grace(engine: Engine, timer: Timer) -> None:
    """Close access when the grace for an owed invoice is over (timer `grace`)."""
    settle_customer(engine, timer.customer_id)
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        invoice = tx.invoices.get(timer.subject_id)
        if invoice.is_owed:
            at = engine.now_for(tx, customer)
            invoice = fall_due(tx, customer, invoice, source=SOURCE, actor=TIMER, at=at)
            close_access(tx, customer, invoice, source=SOURCE, actor=TIMER, at=at)


def note_due_date(engine: Engine, timer: Timer) -> None:
    """Let an invoice that was sent be overdue when its due date has passed (timer `overdue`)."""
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        invoice = tx.invoices.get(timer.subject_id)
        if invoice.status == "issued":
            let_be_overdue(tx, customer, invoice, actor=TIMER, at=engine.now_for(tx, customer))


def let_be_overdue(tx: UnitOfWork, customer: Customer, invoice: Invoice, *, actor: str, at: datetime) -> None:
    """Let an issued invoice that was sent be overdue, and dunning begin; the customer is locked."""
    invoice = fall_due(tx, customer, invoice, source=SOURCE, actor=actor, at=at)
    mark_agreements(tx, customer, invoice, source=SOURCE, actor=actor, at=at)
    note_failure(tx, customer, invoice, is_scheduled=True, source=SOURCE, actor=actor, at=at)


def _try_again(tx: UnitOfWork, engine: Engine, customer: Customer, invoice: Invoice) -> PendingCharge | None:
    dunning = tx.dunnings.find(invoice.id)
    if not invoice.is_owed or dunning is None or dunning.retry_at is None:
        return None
    charge = None
    if has_owner(tx, customer):
        ids = invoice.agreement_ids
        agreement = tx.agreements.get(ids[0]) if len(ids) == 1 else None
        charge = charge_for(tx, engine, invoice, agreement, source=SOURCE, actor=TIMER)
    if charge is None:
        at = engine.now_for(tx, customer)
        note_failure(tx, customer, invoice, is_scheduled=True, source=SOURCE, actor=TIMER, at=at)
    return charge
