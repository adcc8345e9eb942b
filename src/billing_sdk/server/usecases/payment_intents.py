"""Payment intents: take money before it is known which invoice it pays, attempt by attempt.

An attempt is a charge like any other: written down before the gateway is asked, under one key, so whoever finds it left
over asks again and collects nothing twice. What it takes is the customer's until `require_for` hands it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from billing_sdk.errors import (
    AuthenticationRequired,
    Conflict,
    GatewayRefused,
    InvalidAmount,
    NotFound,
    PaymentIntentUnexpectedState,
    PaymentMethodRequired,
    PaymentPending,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    LEASE_SECONDS,
    UNDER_WAY,
    Cancellation,
    PaymentIntent,
    PendingCharge,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import ON_RECORD
from billing_sdk.server.usecases.collect_charge import collect_charge, let_go
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of

# What fits in eight digits, as processors take it.
MOST_MINOR: Final = 99_999_999


def create_payment_intent(
    engine: Engine,
    *,
    customer_id: str,
    amount: Money,
    payment_method_id: str | None = None,
    description: str = "",
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> PaymentIntent:
    """Write down what a customer is to pay; nothing is taken before it is confirmed.

    Raises:
        NotFound: there is no such customer, or it has no such payment method.
        InvalidAmount: it is nothing, or more than eight digits.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        return add_payment_intent(
            tx,
            engine,
            customer,
            amount=amount,
            payment_method_id=payment_method_id,
            description=description,
            metadata=metadata,
            actor=actor,
        )


def add_payment_intent(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    *,
    amount: Money,
    payment_method_id: str | None = None,
    description: str = "",
    metadata: Mapping[str, str] | None = None,
    actor: str,
) -> PaymentIntent:
    """Do the same within somebody's transaction, who has locked the customer."""
    if not 0 < amount.minor <= MOST_MINOR:
        raise InvalidAmount(f"{amount} can't be paid at once", parameter="amount")
    intent = PaymentIntent(
        id=new_id("intentpayment"),
        customer_id=customer.id,
        amount=amount,
        created_at=engine.now_for(tx, customer),
        description=description,
        metadata=dict(metadata or {}),
    )
    if payment_method_id is not None:
        intent = intent.choosing(_usable(tx, customer.id, payment_method_id).id)
    tx.payment_intents.add(intent)
    tx.audit.record(actor, "payment_intent.create", intent.id, engine.now(), after=intent)
    return intent


def update_payment_intent(
    engine: Engine,
    intent_id: str,
    *,
    amount: Money | None = None,
    payment_method_id: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> PaymentIntent:
    """Change what is not given as None; what was taken, or is being asked for, keeps its amount and payment method.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        NotFound: the customer has no such payment method.
        InvalidAmount: it is nothing, or more than eight digits.
        PaymentIntentUnexpectedState: an attempt is under way, or it has ended.
    """
    with _changing(engine, intent_id) as (tx, before, _):
        after = before
        if amount is not None and amount != before.amount:
            if not 0 < amount.minor <= MOST_MINOR:
                raise InvalidAmount(f"{amount} can't be paid at once", parameter="amount")
            _require_waiting(before)
            after = replace(after, amount=amount)
        if payment_method_id is not None:
            after = after.choosing(_usable(tx, before.customer_id, payment_method_id).id)
        after = replace(
            after,
            description=after.description if description is None else description,
            metadata=after.metadata if metadata is None else dict(metadata),
        )
        tx.payment_intents.save(after)
        tx.audit.record(actor, "payment_intent.update", after.id, engine.now(), before=before, after=after)
    return after


def confirm_payment_intent(
    engine: Engine,
    intent_id: str,
    *,
    payment_method_id: str | None = None,
    is_present: bool = True,
    fails_on_action: bool = False,
    return_url: str = "",
    actor: str = "api",
) -> PaymentIntent:
    """Take the money of a payment intent, and return it as it is then.

    One that its payer has to confirm is returned as `requires_action`, one whose outcome is not known as `processing`;
    confirming it once more asks again, with the same key.

    Args:
        engine: the engine.
        intent_id: which one.
        payment_method_id: the customer's; the one chosen before where it is not given.
        is_present: whether the payer waits, and can confirm the payment.
        fails_on_action: whether a payment that is to be confirmed counts as refused.
        return_url: where the payer goes on after a page of the bank.
        actor: who caused it, as the audit names them.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        NotFound: the customer has no such payment method.
        PaymentMethodRequired: none was chosen.
        PaymentIntentUnexpectedState: it has ended.
        CardDeclined: the bank refuses; it requires another payment method.
        GatewayRefused, GatewayUnreachable, GatewayUnauthorized: the processor does not take it, or gives no answer.
    """
    source: EventSource = "user" if is_present else "api"
    with _changing(engine, intent_id) as (tx, before, at):
        charge = tx.charges.by_id(before.charge_id or "") if before.status in UNDER_WAY else None
        if charge is None:
            intent = before
            if payment_method_id is not None:
                intent = intent.choosing(payment_method_id)
            _require_waiting(intent)
            if intent.payment_method_id is None:
                raise PaymentMethodRequired(f"the payment intent {intent_id} has no payment method")
            method = _usable(tx, intent.customer_id, intent.payment_method_id)
            charge = _attempt(engine, intent, method, source, actor, at)
            tx.charges.add(charge)
            intent = replace(intent.confirmed(charge.id), return_url=return_url or intent.return_url)
            tx.payment_intents.save(intent)
            tx.audit.record(actor, "payment_intent.confirm", intent.id, engine.now(), before=before, after=intent)
    try:
        collect_charge(engine, charge, is_own=True)
    except AuthenticationRequired:
        if fails_on_action:
            _withdraw(engine, charge)
            note_refused_method(engine, intent_id, "authentication_required", actor=actor)
            raise
    except PaymentPending:
        pass  # its status says so
    return find_payment_intent(engine, intent_id)


def note_refused_method(engine: Engine, intent_id: str, decline_code: str, *, actor: str = "api") -> PaymentIntent:
    """Record that a payment method was refused before the bank was to take money by it, or without that.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        PaymentIntentUnexpectedState: it has ended.
    """
    with _changing(engine, intent_id) as (tx, before, _):
        after = before.declined(decline_code)
        tx.payment_intents.save(after)
        tx.audit.record(actor, "payment_intent.decline", after.id, engine.now(), before=before, after=after)
    return after


def cancel_payment_intent(
    engine: Engine, intent_id: str, *, reason: Cancellation | None = None, actor: str = "api"
) -> PaymentIntent:
    """Let nobody pay a payment intent any more; an attempt that waits for its payer is withdrawn first.

    Raises:
        UnknownPaymentIntent: there is none with this id.
        PaymentIntentUnexpectedState: it has been paid, or cancelled, or the bank is at it.
    """
    with engine.read() as tx:
        before = tx.payment_intents.get(intent_id)
        charge = tx.charges.by_id(before.charge_id or "")
    if charge is not None:
        if before.status != "requires_action":
            raise PaymentIntentUnexpectedState(f"the payment intent {intent_id} is being paid", status=before.status)
        _withdraw(engine, charge)
    with _changing(engine, intent_id) as (tx, before, at):
        after = before.cancelled(reason, at=at)
        tx.payment_intents.save(after)
        tx.audit.record(actor, "payment_intent.cancel", after.id, engine.now(), before=before, after=after)
    return after


def find_payment_intent(engine: Engine, intent_id: str) -> PaymentIntent:
    """Return a payment intent.

    Raises:
        UnknownPaymentIntent: there is none with this id.
    """
    with engine.read() as tx:
        return tx.payment_intents.get(intent_id)


@contextmanager
def _changing(engine: Engine, intent_id: str) -> Iterator[tuple[UnitOfWork, PaymentIntent, datetime]]:
    """Yield a transaction that has locked the customer, the payment intent, and the customer's present."""
    with engine.read() as tx:
        customer_id = tx.payment_intents.get(intent_id).customer_id
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        yield tx, tx.payment_intents.get(intent_id), engine.now_for(tx, customer)


def _attempt(
    engine: Engine, intent: PaymentIntent, method: PaymentMethod, source: EventSource, actor: str, at: datetime
) -> PendingCharge:
    now = engine.now()
    return PendingCharge(
        id=new_id("charge"),
        customer_id=intent.customer_id,
        agreement=None,
        payment_method_id=method.id,
        lines=(intent.line(at=at),),
        currency=intent.amount.currency,
        source=source,
        actor=actor,
        started_at=now,
        lease_ends_at=now + timedelta(seconds=LEASE_SECONDS),
        gateway=method.gateway,
        payment_intent_id=intent.id,
    )


def _withdraw(engine: Engine, charge: PendingCharge) -> None:
    """Let nobody pay an attempt any more that waits for its payer.

    Raises:
        PaymentIntentUnexpectedState: it has been paid meanwhile, or the bank is at it.
    """
    engine.checkpoint()
    try:
        gateway_of(engine, charge.gateway).withdraw(charge.bill_id)
    except (Conflict, GatewayRefused) as refusal:
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)
        status = find_payment_intent(engine, charge.payment_intent_id or "").status
        if status != "requires_payment_method":  # what was refused meanwhile asks for nothing any more
            raise PaymentIntentUnexpectedState(f"the payment is {status}", status=status) from refusal
        return
    with engine.begin() as tx:
        let_go(tx, engine, charge)


def _require_waiting(intent: PaymentIntent) -> None:
    if intent.status not in ("requires_payment_method", "requires_confirmation"):
        raise PaymentIntentUnexpectedState(f"the payment intent {intent.id} is {intent.status}", status=intent.status)


def _usable(tx: UnitOfWork, customer_id: str, method_id: str) -> PaymentMethod:
    for method in tx.customers.methods_of(customer_id):
        if method.id == method_id:
            return method
    raise NotFound(f"the customer has no payment method {method_id[:64]!r}", parameter="payment_method")
