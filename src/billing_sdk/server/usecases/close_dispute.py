"""Close a dispute: what a bank has decided, or what somebody decides in the place of the test processor's bank."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import DisputeElsewhere
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Dispute, DisputeStatus, Invoice, ToldDispute
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data_corrections as event_data
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.post import post_dispute

DISPUTED = "customer.payment_disputed"
CLOSED = "customer.payment_dispute_closed"


def close_dispute(
    engine: Engine, dispute_id: str, outcome: DisputeStatus, *, source: EventSource = "api", actor: str | None = None
) -> Dispute:
    """Decide a dispute of the test processor, which has no bank to do so.

    Args:
        engine: the engine.
        dispute_id: the dispute.
        outcome: `won` or `lost`; `closed` for an inquiry or a fraud warning.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        UnknownDispute: there is none with this id.
        DisputeClosed: it has ended already, or can't end so.
        DisputeElsewhere: a bank decides it, through the payment processor.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="dispute.close", subject=dispute_id):
        with engine.read() as tx:
            customer_id = tx.disputes.get(dispute_id).customer_id
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            before = tx.disputes.get(dispute_id)
            if before.gateway != "managed":
                raise DisputeElsewhere(f"the dispute {dispute_id} is decided by the payer's bank")
            at = engine.now_for(tx, customer)
            after = before.ended(outcome, at=at)
            _move(tx, customer, before, after, source, actor, at)
    return after


def follow_dispute(
    tx: UnitOfWork,
    customer: Customer,
    before: Dispute,
    told: ToldDispute,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Dispute:
    """Bring a dispute in line with what its processor tells of it now; nothing where it is so already.

    Args:
        tx: the transaction.
        customer: whose payment is disputed; locked by the caller.
        before: as it is known here.
        told: fetched from the processor.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the customer's present.
    """
    after = before.following(told, at=at)
    if after != before:
        _move(tx, customer, before, after, source, actor, at)
    return after


def _move(
    tx: UnitOfWork,
    customer: Customer,
    before: Dispute,
    after: Dispute,
    source: EventSource,
    actor: str,
    at: datetime,
) -> None:
    tx.disputes.save(after)
    post_dispute(tx, before, after, at=at)
    tx.audit.record(actor, f"dispute.{_verb(before, after)}", after.id, at, before=before, after=after)
    news = _news(before, after)
    if news is not None:
        data = event_data.of_dispute(after, invoice_of(tx, after))
        tx.outbox.announce(type=news, data=data, customer=customer, source=source, at=at)


def invoice_of(tx: UnitOfWork, dispute: Dispute) -> Invoice | None:
    """Return the invoice whose payment is disputed; None of a payment that knows none."""
    return None if dispute.invoice_id is None else tx.invoices.get(dispute.invoice_id)


def _verb(before: Dispute, after: Dispute) -> str:
    if before.is_open and not after.is_open:
        return "close"
    return "update" if before.is_open == after.is_open else "reopen"


def _news(before: Dispute, after: Dispute) -> str | None:
    """Return what is announced, if anything is: an end, another end, or that there is a dispute now."""
    if not after.is_open and before.status != after.status:
        return CLOSED
    is_new = not before.is_open or before.kind != after.kind
    return DISPUTED if after.is_open and is_new else None
