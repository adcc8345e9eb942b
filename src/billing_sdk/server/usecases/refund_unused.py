"""Refund what a payment intent has taken and nothing was paid with: it goes back to where it came from.

Like any refund it is written down before the gateway is asked, and its id is the gateway's idempotency key. What cannot
go back stays with us, and can pay for something still.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from billing_sdk.errors import InvalidAmount, PaymentIntentUnexpectedState, RefundDeclined, RefundTooLarge
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import REFUND_LEASE_SECONDS, PaymentIntent, UnusedRefund
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.post import post_unused_refund

logger = logging.getLogger(__name__)


def refund_unused(engine: Engine, intent_id: str, *, amount: Money | None = None, actor: str = "api") -> UnusedRefund:
    """Give back some or all of what a payment intent has taken, and return the refund as it is then.

    Args:
        engine: the engine.
        intent_id: which one.
        amount: how much of it; all that is left where it is not given.
        actor: who caused it, as the audit names them.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        PaymentIntentUnexpectedState: it has not succeeded, or has paid for something: then a credit note gives it back.
        InvalidAmount: it is nothing.
        RefundTooLarge: it is more than is left.
        GatewayUnreachable, GatewayUnauthorized: the gateway gives no answer; it is asked again by itself.
    """
    with engine.read() as tx:
        customer_id = tx.payment_intents.get(intent_id).customer_id
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        refund = _written_down(tx, engine, tx.payment_intents.get(intent_id), amount, actor)
        refund = replace(refund, requested_at=engine.now_for(tx, customer))
        tx.payment_intents.add_refund(refund)
    return carry_out_refund(engine, refund, is_own=True)


def carry_out_refund(engine: Engine, refund: UnusedRefund, *, is_own: bool = False) -> UnusedRefund:
    """Ask the gateway for a refund that was written down, and record its outcome once.

    Args:
        engine: the engine.
        refund: what was written down.
        is_own: it is what the call is about, and not something that was left over.
    """
    with engine.read() as tx:
        kind = tx.invoices.get_payment(refund.payment_id).gateway
    engine.checkpoint(refund.id if is_own else None)
    try:
        gateway = gateway_of(engine, kind)
        back = gateway.refund(reference=refund.charge_reference, amount=refund.amount, idempotency_key=refund.id)
        settled = replace(refund, status="succeeded", reference=back.reference)
    except (RefundDeclined, RefundTooLarge) as refused:
        code = str(refused.facts.get("decline_code") or refused.code)
        settled = replace(refund, status="failed", decline_code=code)
    except Exception:
        # Whether money moved is not known. The next attempt asks again, with the same key.
        with engine.begin() as tx:
            tx.payment_intents.release_refund(refund.id, at=engine.now())
        engine.checkpoint()
        raise
    with engine.begin() as tx:
        return _concluded(tx, engine, settled)


def settle_left_over_unused(engine: Engine) -> None:
    """Learn the outcome of every such refund that nobody is working on any more; one that can't be learnt stays."""
    with engine.read() as tx:
        left_over = tx.payment_intents.refunds_left_over(at=engine.now())
    for refund in left_over:
        try:
            carry_out_refund(engine, refund)
        except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
            logger.error("%s of %s is still pending (%s)", refund.id, refund.customer_id, type(error).__name__)  # noqa: TRY400 - a traceback could show what the gateway was asked


def _written_down(
    tx: UnitOfWork, engine: Engine, intent: PaymentIntent, amount: Money | None, actor: str
) -> UnusedRefund:
    if intent.payment_id is None or intent.invoice_id is not None:
        told = "has paid an invoice" if intent.invoice_id is not None else f"is {intent.status}"
        raise PaymentIntentUnexpectedState(f"the payment intent {intent.id} {told}", status=intent.status)
    wanted = intent.unused if amount is None else amount
    if wanted.minor <= 0 and intent.unused:
        raise InvalidAmount("a refund is of more than nothing", parameter="amount")
    if wanted.minor > intent.unused.minor or not wanted:
        raise RefundTooLarge(
            f"{wanted} is more than the {intent.unused} that is left of {intent.id}",
            asked_minor=wanted.minor,
            left_minor=intent.unused.minor,
        )
    payment = tx.invoices.get_payment(intent.payment_id)
    now = engine.now()
    after = replace(intent, refunded_minor=intent.refunded_minor + wanted.minor)
    tx.payment_intents.save(after)
    refund = UnusedRefund(
        id=new_id("refundunused"),
        payment_intent_id=intent.id,
        payment_id=payment.id,
        customer_id=intent.customer_id,
        charge_reference=payment.gateway_reference or payment.id,
        amount=wanted,
        status="pending",
        actor=actor,
        requested_at=now,
        lease_ends_at=now + timedelta(seconds=REFUND_LEASE_SECONDS),
    )
    tx.audit.record(actor, "payment_intent.refund", intent.id, now, before=intent, after=after)
    return refund


def _concluded(tx: UnitOfWork, engine: Engine, settled: UnusedRefund) -> UnusedRefund:
    customer = tx.customers.lock(settled.customer_id)
    at = engine.now_for(tx, customer)
    settled = replace(settled, settled_at=at)
    if not tx.payment_intents.settle_refund(settled):
        return tx.payment_intents.find_refund(settled.id) or settled  # another process has done so meanwhile
    if settled.status == "succeeded":
        post_unused_refund(tx, settled, at=at)
    else:
        intent = tx.payment_intents.get(settled.payment_intent_id)
        left = intent.refunded_minor - settled.amount.minor
        tx.payment_intents.save(replace(intent, refunded_minor=left))
    tx.audit.record(settled.actor, f"refund.{settled.status}", settled.id, at, after=settled)
    return settled
