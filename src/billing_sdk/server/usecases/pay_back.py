"""Pay back: ask the gateway for a refund outside any transaction, and make the outcome known in one.

A refund is written down before the gateway is asked, and its id is the gateway's idempotency key. So whatever happens
in between, asking again pays nothing back twice and ends in the same outcome.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from billing_sdk.errors import RefundDeclined, RefundTooLarge
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice, Refund
from billing_sdk.server.gateways import Gateway, PaymentRefund
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data_corrections as event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.issue_credit_note import keep_on_balance
from billing_sdk.server.usecases.post import post_refund, post_refund_kept, post_refund_returned
from billing_sdk.server.usecases.refunded_elsewhere import count_elsewhere

logger = logging.getLogger(__name__)


def pay_back(engine: Engine, refund: Refund, *, source: EventSource = "admin", is_own: bool = False) -> Refund:
    """Carry a refund out that was written down, and return it as it is then.

    Money that the gateway can't give back goes to the customer's balance: it was credited, whatever becomes of it. What
    others have given back at the processor meanwhile has gone already, and is no part of that.

    Args:
        engine: the engine.
        refund: what was written down.
        source: who caused it, as events name them.
        is_own: it is what the call is about, and not something that was left over.
    """
    with engine.read() as tx:
        kind = tx.invoices.get_payment(refund.payment_id).gateway
    engine.checkpoint(refund.credit_note_id if is_own else None)
    try:
        settled, there = _ask(gateway_of(engine, kind), refund)
    except Exception:
        # Whether money moved is not known. The next attempt asks again, with the same key.
        with engine.begin() as tx:
            tx.refunds.release(refund.id, at=engine.now())
        engine.checkpoint()
        raise
    with engine.begin() as tx:
        customer = tx.customers.lock(settled.customer_id)
        known = tx.refunds.find(settled.id)
        if there and known is not None and known.status == "pending":
            settled = count_elsewhere(tx, settled, there, at=engine.now_for(tx, customer))
        return conclude_refund(tx, engine, customer, settled, source=source)


def settle_left_over_refunds(engine: Engine) -> None:
    """Learn the outcome of every refund that nobody is working on any more; one that can't be learnt stays."""
    with engine.read() as tx:
        left_over = tx.refunds.list_left_over(at=engine.now())
    for refund in left_over:
        try:
            pay_back(engine, refund)
        except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
            logger.error("%s of %s is still pending (%s)", refund.id, refund.customer_id, type(error).__name__)  # noqa: TRY400 - a traceback could show what the gateway was asked


def conclude_refund(
    tx: UnitOfWork, engine: Engine, customer: Customer, settled: Refund, *, source: EventSource
) -> Refund:
    """Record in a transaction how a refund has ended, and return it; one that had ended before stays as it is.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose refund it is; locked by the caller.
        settled: with its outcome.
        source: who caused it, as events name them.
    """
    settled = replace(settled, settled_at=engine.now_for(tx, customer))
    if not tx.refunds.settle(settled):
        return tx.refunds.find_by_note(settled.credit_note_id) or settled  # another process has done so meanwhile
    if settled.status == "failed":
        _keep(tx, customer, settled, source)
    else:
        invoice = tx.invoices.get(settled.invoice_id)
        post_refund(tx, invoice, settled.amount, refund_id=settled.id, at=settled.settled_at or settled.requested_at)
        _tell(tx, customer, settled, invoice, source)
    return settled


def return_refund(tx: UnitOfWork, engine: Engine, customer: Customer, failed: Refund, *, source: EventSource) -> Refund:
    """Record in a transaction that a refund has come back which had succeeded: the customer has it on the balance.

    Args:
        tx: the transaction.
        engine: the engine.
        customer: whose refund it is; locked by the caller.
        failed: with the reason.
        source: who caused it, as events name them.
    """
    failed = replace(failed, settled_at=engine.now_for(tx, customer))
    if tx.refunds.take_back(failed):
        _keep(tx, customer, failed, source, has_left=True)
    return failed


def _keep(tx: UnitOfWork, customer: Customer, failed: Refund, source: EventSource, *, has_left: bool = False) -> None:
    """Put what could not be paid back on the customer's balance; it had left before where the refund has come back."""
    invoice, at = tx.invoices.get(failed.invoice_id), failed.settled_at or failed.requested_at
    keep_on_balance(tx, invoice, failed.amount, reason="refund_failed", at=at)
    if has_left:
        post_refund_returned(tx, invoice, failed.amount, refund_id=failed.id, at=at)
    else:
        post_refund_kept(tx, invoice, failed.amount, refund_id=failed.id, at=at)
    _tell(tx, customer, failed, invoice, source)


def _tell(tx: UnitOfWork, customer: Customer, settled: Refund, invoice: Invoice, source: EventSource) -> None:
    at = settled.settled_at or settled.requested_at
    tx.audit.record(settled.actor, f"refund.{settled.status}", settled.id, at, after=settled)
    data = event_data.of_refund(settled, invoice)
    tx.outbox.announce(type=f"customer.refund_{settled.status}", data=data, customer=customer, source=source, at=at)


def _ask(gateway: Gateway, refund: Refund) -> tuple[Refund, tuple[PaymentRefund, ...]]:
    """Return a refund with its outcome; and where it was too large, all that its processor has refunded."""
    there: tuple[PaymentRefund, ...] = ()
    try:
        paid_back = gateway.refund(reference=refund.charge_reference, amount=refund.amount, idempotency_key=refund.id)
    except (RefundDeclined, RefundTooLarge) as refused:
        if isinstance(refused, RefundTooLarge):
            there = gateway.refunds_of(refund.charge_reference)
        decline_code = refused.facts.get("decline_code") or refused.code
        return replace(refund, status="failed", decline_code=str(decline_code)), there
    return replace(refund, status="succeeded", reference=paid_back.reference), there
