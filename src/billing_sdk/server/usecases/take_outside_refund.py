"""Take a refund that was made at a processor, not here: it gets its credit note, once, as one of ours does.

A refund of ours is known again by the id that it was made with: then only its outcome is news. The processor may tell
that a refund has failed after it has told that it has succeeded; the amount is on the customer's balance then, as with
one that fails at once.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from billing_sdk.errors import BillingError, RefundDeclined
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Payment, Refund
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Gateway, PaymentRefund
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.issue_credit_note import issue_credit_note
from billing_sdk.server.usecases.keep_surplus import give_surplus_back
from billing_sdk.server.usecases.pay_back import conclude_refund, return_refund
from billing_sdk.server.usecases.refunded_elsewhere import LEFT, is_counted
from billing_sdk.server.usecases.take_outside_dispute import GONE, MISMATCH, PROCESSOR, has_been_noted, not_ours

logger = logging.getLogger(__name__)

REASON = "Refunded by the payment processor"
NOTHING = "nothing"


def take_outside_refund(engine: Engine, kind: GatewayKind, reference: str) -> str:
    """Bring what is known here of a refund in line with how it stands at its processor.

    Args:
        engine: the engine; no transaction is open.
        kind: whose refund it is.
        reference: the processor's own id of it.

    Returns:
        `succeeded` or `failed`; `nothing` where nothing is to be done, `gone` where the processor knows none,
        `not_managed` where the payment is none of ours, `mismatch` where more was paid back than is left of the
        invoice: then it is in the audit, and somebody has to look into it.

    Raises:
        PaymentPending: the payment is ours, and not known here yet.
        GatewayUnreachable, GatewayUnauthorized: the processor can't be asked.
    """
    gateway = gateway_of(engine, kind)
    found = gateway.find_refund(reference)
    return GONE if found is None else _take(engine, gateway, kind, found)


def take_outside_refunds(engine: Engine, kind: GatewayKind, payment_reference: str) -> str:
    """Bring all refunds of a payment, or of a charge for it, in line; see `take_outside_refund`."""
    gateway = gateway_of(engine, kind)
    outcomes = [_take(engine, gateway, kind, found) for found in gateway.refunds_of(payment_reference)]
    return outcomes[-1] if outcomes else NOTHING


def learn_of_refunds(engine: Engine, invoice_id: str) -> None:
    """Take what was refunded of an invoice at its processor, which may not have told yet, before more is given back.

    A processor that can't be asked keeps nobody from crediting: what it has refunded is seen again when ours is asked.
    """
    with engine.read() as tx:
        paid_by = tx.invoices.get(invoice_id).payment_id
        payment = None if paid_by is None else tx.invoices.get_payment(paid_by)
    if payment is None or payment.gateway_reference is None:
        return
    try:
        take_outside_refunds(engine, payment.gateway, payment.gateway_reference)
    except BillingError as refusal:
        logger.warning("%s could not be asked about refunds of %s (%s)", payment.gateway, payment.id, refusal.code)
    engine.checkpoint()


def _take(engine: Engine, gateway: Gateway, kind: GatewayKind, found: PaymentRefund) -> str:
    with engine.begin() as tx:
        payment = tx.invoices.find_payment(kind, found.payment_reference)
        if payment is not None:
            customer = tx.customers.lock(payment.customer_id)
            if found.our_id is not None and tx.payment_intents.find_refund(found.our_id) is not None:
                return NOTHING  # whoever has asked for it is told, and records it
            known = tx.refunds.find(found.our_id) if found.our_id is not None else None
            known = known or tx.refunds.find_by_reference(found.reference)
            if known is not None:
                return _follow(tx, engine, customer, known, found)
            # One that is part of a refund of ours is news only when it comes back, and any other when it has left.
            if (found.outcome in LEFT) == is_counted(tx, found.reference):
                return NOTHING
    if payment is None:
        return not_ours(gateway, found.payment_reference)
    if found.outcome not in LEFT:
        came_back = RefundDeclined("a refund has come back that was part of one of ours")
        return _mismatch(engine, payment, found, came_back)
    try:
        return _note(engine, payment, found)
    except BillingError as refusal:
        return _mismatch(engine, payment, found, refusal)


def _follow(tx: UnitOfWork, engine: Engine, customer: Customer, known: Refund, found: PaymentRefund) -> str:
    """Make the outcome of a refund known that is on record."""
    if found.outcome == "failed" and known.status == "succeeded":
        failed = replace(known, status="failed", decline_code=found.decline_code)
        return return_refund(tx, engine, customer, failed, source="admin").status
    if known.status != "pending" or found.outcome not in ("succeeded", "failed"):
        return NOTHING
    settled = replace(known, status=found.outcome, reference=found.reference, decline_code=found.decline_code)
    return conclude_refund(tx, engine, customer, settled, source="admin").status


def _note(engine: Engine, payment: Payment, found: PaymentRefund) -> str:
    """Issue the credit note of a refund that was made elsewhere; it is concluded before anybody sees it."""
    with engine.begin() as tx:
        customer = tx.customers.lock(payment.customer_id)
        if tx.refunds.find_by_reference(found.reference) is not None:
            return NOTHING  # another delivery has taken it meanwhile
        if give_surplus_back(tx, payment, found, at=engine.now_for(tx, customer)):
            return "succeeded"
        issued = issue_credit_note(
            tx,
            engine,
            customer=customer,
            invoice=tx.invoices.get(payment.invoice_id or ""),
            wanted=found.amount,
            reason=REASON,
            destination="refund",
            source="admin",
            actor=PROCESSOR,
            at=engine.now_for(tx, customer),
        )
        if issued.refund is None:
            raise LookupError(f"{issued.note.id} has no refund")
        settled = replace(issued.refund, status="succeeded", reference=found.reference)
        return conclude_refund(tx, engine, customer, settled, source="admin").status


def _mismatch(engine: Engine, payment: Payment, found: PaymentRefund, refusal: BillingError) -> str:
    after = {"payment": payment.id, "refunded": found.amount, "code": refusal.code}
    with engine.begin() as tx:
        if not has_been_noted(tx, "refund.mismatch", found.reference):
            logger.error("a refund of %s at its processor can't be credited (%s)", payment.id, refusal.code)
            tx.audit.record(PROCESSOR, "refund.mismatch", found.reference, engine.now(), after=after)
    return MISMATCH
