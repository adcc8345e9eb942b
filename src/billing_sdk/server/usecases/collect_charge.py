"""Collect: ask the gateway for money outside any transaction, and make the outcome known in one.

A charge is written down before the gateway is asked, and its id is the gateway's idempotency key. So whatever
happens in between - a crash, a lost answer, somebody else who finds the charge left over - asking again collects
nothing twice and ends in the same outcome.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from billing_sdk.errors import CardDeclined, PaymentMethodRequired
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Payment, PendingCharge
from billing_sdk.server.gateways import Charge
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.conclude_change import conclude_change, record_payment
from billing_sdk.server.usecases.decide_change import Change, has_owner
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine

# Longer than any gateway takes to answer: what is older was left over by a process that died.
LEASE_SECONDS = 60


def open_charge(tx: UnitOfWork, engine: Engine, change: Change, *, source: EventSource, actor: str) -> PendingCharge:
    """Write down what is to be collected for a change.

    Raises:
        PaymentMethodRequired: the customer has no card.
        Conflict: the outcome of an earlier charge for the same plan group is not known yet.
    """
    if change.method is None:
        raise PaymentMethodRequired(f"the plan {change.plan.key!r} costs something", plan=change.plan.key)
    at = engine.now()
    charge = PendingCharge(
        id=new_id("charge"),
        agreement=change.agreement,
        payment_method_id=change.method.id,
        lines=change.lines,
        currency=change.plan.version.currency,
        source=source,
        actor=actor,
        started_at=at,
        lease_ends_at=at + timedelta(seconds=LEASE_SECONDS),
    )
    tx.charges.add(charge)
    tx.audit.record(actor, "charge.start", charge.id, at, after=charge)
    return charge


def collect_charge(engine: Engine, charge: PendingCharge, *, is_own: bool = False) -> Agreement:
    """Collect what was written down, and conclude the change that it is for.

    Args:
        engine: the engine.
        charge: what was written down.
        is_own: it is what the call is about, and not something that was left over.

    Raises:
        CardDeclined: the bank refused; the failed payment is recorded, and nothing else has changed.
    """
    with engine.read() as tx:
        method = tx.customers.get_payment_method(charge.payment_method_id)
    engine.checkpoint(charge.agreement.id if is_own else None)
    try:
        receipt = engine.gateway.charge(token=method.gateway_token, amount=charge.amount, idempotency_key=charge.id)
    except CardDeclined as declined:
        _give_up(engine, charge, method, declined)
        raise
    except Exception:
        # Whether money moved is not known. The next attempt asks again, with the same key.
        with engine.begin() as tx:
            tx.charges.release(charge.id, at=engine.now())
        engine.checkpoint()
        raise
    return _complete(engine, charge, method, receipt)


def settle_left_over(engine: Engine, *, customer_id: str) -> None:
    """Learn the outcome of a customer's charges that nobody is working on any more."""
    with engine.read() as tx:
        left_over = tx.charges.list_left_over(at=engine.now(), customer_id=customer_id)
    for charge in left_over:
        # That the card is declined is an outcome, too; it has been recorded.
        with suppress(CardDeclined):
            collect_charge(engine, charge)
        engine.checkpoint()  # it stays settled, whatever becomes of the call that came across it


def _complete(engine: Engine, charge: PendingCharge, method: PaymentMethod, receipt: Charge) -> Agreement:
    with engine.begin() as tx:
        customer = tx.customers.lock(charge.agreement.customer_id)
        at = engine.now_for(tx, customer)
        if not tx.charges.remove(charge.id):
            return tx.agreements.get(charge.agreement.id)  # another process has concluded it meanwhile
        payment = Payment(
            id=new_id("payment"),
            customer_id=customer.id,
            amount=charge.amount,
            status="succeeded",
            attempted_at=at,
            payment_method_label=method.label,
            gateway_reference=receipt.reference,
        )
        concluded = conclude_change(
            tx,
            customer=customer,
            agreement=charge.agreement,
            lines=charge.lines,
            payment=payment,
            source=charge.source,
            actor=charge.actor,
            at=at,
        )
        if has_owner(tx, customer):
            return concluded
        # The payment and its invoice stay on record; what they are for ends with the account that it was for.
        return end_agreement(tx, customer, concluded, source=charge.source, actor=charge.actor, at=at)


def _give_up(engine: Engine, charge: PendingCharge, method: PaymentMethod, declined: CardDeclined) -> None:
    with engine.begin() as tx:
        customer = tx.customers.lock(charge.agreement.customer_id)
        if not tx.charges.remove(charge.id):
            return
        payment = Payment(
            id=new_id("payment"),
            customer_id=customer.id,
            amount=charge.amount,
            status="failed",
            attempted_at=engine.now_for(tx, customer),
            payment_method_label=method.label,
            decline_code=declined.facts.get("decline_code"),
        )
        tx.invoices.add_payment(payment)
        record_payment(tx, customer, payment, None, source=charge.source, actor=charge.actor)
