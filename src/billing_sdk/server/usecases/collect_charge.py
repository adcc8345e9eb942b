"""Collect: ask the gateway for money outside any transaction, and make the outcome known in one.

A charge is written down before the gateway is asked, and its id is the gateway's idempotency key. So whatever
happens in between - a crash, a lost answer, somebody else who finds the charge left over - asking again collects
nothing twice and ends in the same outcome.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from billing_sdk.errors import AuthenticationRequired, BillingError, PaymentMethodRequired
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    LEASE_SECONDS,
    SHORTEST_REST,
    AwaitReason,
    Awaits,
    Payment,
    PendingCharge,
    grants_bought,
)
from billing_sdk.server.gateways import Awaited, Bill, Charge
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.announce_payments import announce_action
from billing_sdk.server.usecases.ask_gateway import ON_RECORD, REFUSED, RESTING, Answer, agrees, ask_gateway, pending
from billing_sdk.server.usecases.conclude_change import conclude_change, record_payment
from billing_sdk.server.usecases.credit_balance import give_back, hold_for_charge
from billing_sdk.server.usecases.decide_change import Change, has_owner
from billing_sdk.server.usecases.drop_planned_change import drop_if_planned
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import bill_of
from billing_sdk.server.usecases.make_void import void
from billing_sdk.server.usecases.open_dispute import dispute_at_once
from billing_sdk.server.usecases.pay_invoice import leave_unpaid, pay_invoice
from billing_sdk.server.usecases.receive_payment import note_refusal, note_waiting, note_withdrawal, receive_payment
from billing_sdk.server.usecases.redeem_coupon import release_redemptions
from billing_sdk.server.usecases.spend_credit import give_credit_back, hold_credit
from billing_sdk.server.usecases.tax_customer import taxed_by_gateway

logger = logging.getLogger(__name__)


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
        customer_id=change.customer.id,
        agreement=change.agreement,
        payment_method_id=change.method.id,
        lines=change.lines,
        rated=change.rated,
        currency=change.plan.version.currency,
        source=source,
        actor=actor,
        started_at=at,
        lease_ends_at=at + timedelta(seconds=LEASE_SECONDS),
        gateway=change.method.gateway,
    )
    tx.charges.add(charge)
    hold_for_charge(tx, charge)
    hold_credit(tx, charge, at=engine.now_for(tx, change.customer))
    tx.audit.record(actor, "charge.start", charge.id, at, after=charge)
    return charge


def collect_change(engine: Engine, charge: PendingCharge) -> Agreement:
    """Collect what was written down for a change, and return the agreement that it has led to.

    Raises:
        CardDeclined: the bank refused; the failed payment is recorded, and nothing else has changed.
    """
    changed = collect_charge(engine, charge, is_own=True)
    return charge.changed if changed is None else changed


def collect_charge(engine: Engine, charge: PendingCharge, *, is_own: bool = False) -> Agreement | None:
    """Collect what was written down, and conclude what it is for.

    Args:
        engine: the engine.
        charge: what was written down.
        is_own: it is what the call is about, and not something that was left over.

    Returns:
        The agreement that it is for, as it is then; None where it is for an invoice about several, or none.

    Raises:
        CardDeclined: the bank refused; the failed payment is recorded, and nothing else has changed.
        GatewayRefused: the processor does not take such a bill; that is a failed payment as well.
        AuthenticationRequired: its payer has to confirm it, at the fact `url`; nothing else has changed.
        PaymentPending: the processor does not know yet what becomes of it.
        GatewayUnreachable, GatewayUnauthorized, GatewayNotConnected, BillingNotEnabled: it can't be asked at present.
    """
    with engine.read() as tx:
        method = tx.customers.get_payment_method(charge.payment_method_id)
        bill = bill_of(tx, charge)
        at = engine.now_for(tx, tx.customers.get(charge.customer_id))
    engine.checkpoint(charge.payment_intent_id or charge.agreement_id if is_own else None)
    try:
        answer = ask_gateway(engine, charge, bill, at=at)
    except Exception as error:
        # Whether money moved is not known. The next attempt asks again, with the same key.
        with engine.begin() as tx:
            rest(tx, engine, charge, error)
        engine.checkpoint()
        raise
    with engine.begin() as tx:
        concluded = record(tx, engine, charge, method, bill, answer)
    if isinstance(answer, REFUSED):
        raise answer
    if not isinstance(concluded, Awaits):
        return concluded
    engine.checkpoint()
    raise pending(concluded)


def record(
    tx: UnitOfWork, engine: Engine, charge: PendingCharge, method: PaymentMethod, bill: Bill, answer: Answer
) -> Agreement | Awaits | None:
    """Record in a transaction what a gateway has answered; what is still awaited is returned."""
    if isinstance(answer, REFUSED):
        give_up(tx, engine, charge, method, answer)
        return None
    if isinstance(answer, Awaited):
        return wait_for(tx, engine, charge, answer)
    if not agrees(bill, answer):
        return quarantine(tx, engine, charge, answer)
    return complete(tx, engine, charge, method, answer)


def refuse_call(engine: Engine, refusal: BillingError) -> None:
    """Let a failed payment that is on record be the answer of the call: a repetition must not try the card again.

    One that its payer has still to confirm may become a payment, so the call can be repeated.
    """
    if not isinstance(refusal, AuthenticationRequired):
        engine.refuse(refusal)


def collect_issued(engine: Engine, charge: PendingCharge) -> None:
    """Collect an invoice that has been issued, and is there whatever comes of it.

    That the card is declined has been recorded. Where the gateway can't be asked, the charge is left over, and whoever
    comes across it asks again.
    """
    try:
        collect_charge(engine, charge)
    except ON_RECORD:
        return
    except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
        logger.error("%s of %s is still open (%s)", charge.id, charge.customer_id, type(error).__name__)  # noqa: TRY400 - a traceback could show what the gateway was asked


def settle_group(engine: Engine, customer_id: str, group_id: str) -> None:
    """Learn the outcome of the charge for a customer's plan of a group, if one is under way, whoever has begun it.

    Asking a gateway at the same time as somebody else is asking with the same key, and answered the same.
    """
    with engine.read() as tx:
        charge = tx.charges.find(customer_id, group_id)
    if charge is not None:
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)


def settle_customer(engine: Engine, customer_id: str) -> None:
    """Learn the outcome of every charge of a customer that is under way, whoever has begun it."""
    with engine.read() as tx:
        charges = tx.charges.of_customer(customer_id)
    for charge in charges:
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)


def settle_left_over(engine: Engine, *, customer_id: str) -> None:
    """Learn the outcome of a customer's charges that nobody is working on, and of those that are waited for."""
    with engine.read() as tx:
        charges = tx.charges.of_customer(customer_id)
    at = engine.now()
    for charge in charges:
        if charge.awaits is None and charge.lease_ends_at > at:
            continue
        # That the card is declined is an outcome, too; it has been recorded.
        with suppress(*ON_RECORD):
            collect_charge(engine, charge)
        engine.checkpoint()  # it stays settled, whatever becomes of the call that came across it


def complete(
    tx: UnitOfWork, engine: Engine, charge: PendingCharge, method: PaymentMethod, receipt: Charge
) -> Agreement | None:
    """Record in a transaction that a charge has succeeded, and conclude what it is for."""
    customer = tx.customers.lock(charge.customer_id)
    at = engine.now_for(tx, customer)
    if not tx.charges.remove(charge.id) and not _is_unheard_of(tx, charge, receipt):
        # Another process has concluded it meanwhile.
        return None if charge.agreement_id is None else tx.agreements.get(charge.agreement_id)
    payment = Payment(
        id=new_id("payment"),
        customer_id=customer.id,
        amount=receipt.amount,
        status="succeeded",
        attempted_at=at,
        method=method.name,
        gateway_reference=receipt.reference,
        invoice_id=charge.invoice_id,
        gateway=charge.gateway,
        payment_intent_id=charge.payment_intent_id,
    )
    concluded = _concluded(tx, customer, charge, payment, receipt, at)
    if receipt.disputed_as is not None:
        dispute_at_once(tx, customer, payment.id, receipt.disputed_as, charge.source, charge.actor, at)
    if charge.invoice_id is not None or concluded is None or has_owner(tx, customer):
        return concluded
    # The payment and its invoice stay on record; what they are for ends with the account that it was for.
    return end_agreement(tx, customer, concluded, source=charge.source, actor=charge.actor, at=at)


def _concluded(
    tx: UnitOfWork, customer: Customer, charge: PendingCharge, payment: Payment, receipt: Charge, at: datetime
) -> Agreement | None:
    if charge.payment_intent_id is not None:
        receive_payment(tx, customer, charge, payment)
        return None
    if charge.invoice_id is not None:
        return pay_invoice(tx, customer, charge, payment)
    return conclude_change(
        tx,
        customer=customer,
        agreement=charge.changed,
        lines=taxed_by_gateway(tx, customer, charge, receipt.taxes),
        payment=payment,
        source=charge.source,
        actor=charge.actor,
        at=at,
        charge_id=charge.id,
        rated=charge.rated,
    )


def _is_unheard_of(tx: UnitOfWork, charge: PendingCharge, receipt: Charge) -> bool:
    """Tell whether money was taken for an owed invoice by an attempt that somebody has given up meanwhile."""
    if charge.invoice_id is None or not tx.invoices.get(charge.invoice_id).is_owed:
        return False
    return tx.invoices.find_payment(charge.gateway, receipt.reference) is None


def wait_for(tx: UnitOfWork, engine: Engine, charge: PendingCharge, awaited: Awaited) -> Awaits:
    """Record in a transaction what a charge waits for at its gateway, and when it is looked at again."""
    is_new = charge.awaits is None or charge.awaits.reason != awaited.reason
    awaits = _waits(tx, engine, charge, awaited.reason, awaited.url)
    note_waiting(tx, charge, awaited.reason, at=engine.now())
    if is_new and awaited.reason == "authentication":
        announce_action(tx, engine, charge, awaits)
    return awaits


def quarantine(tx: UnitOfWork, engine: Engine, charge: PendingCharge, receipt: Charge) -> Awaits:
    """Record in a transaction that something else was taken than was to be paid: somebody has to look into it."""
    logger.error("%s was paid with another amount than asked for", charge.id)
    if charge.awaits is None or charge.awaits.reason != "mismatch":
        after = {"charge": charge.id, "expected": charge.amount, "taken": receipt.amount}
        tx.audit.record(charge.actor, "payment.mismatch", charge.id, engine.now(), after=after)
    return _waits(tx, engine, charge, "mismatch", None)


def rest(tx: UnitOfWork, engine: Engine, charge: PendingCharge, error: Exception) -> None:
    """Let a charge be taken up again whose gateway gave no answer: at once, or after a while where it may take long."""
    if not isinstance(error, RESTING):
        tx.charges.release(charge.id, at=engine.now())
        return
    asked = int(error.facts.get("retry_after_seconds") or 0)
    if charge.awaits is not None and charge.awaits.reason != "gateway":
        # What it waits for is still so, and since when; only the question is put off.
        look_again_at = engine.now() + max(SHORTEST_REST, timedelta(seconds=asked))
        tx.charges.wait(charge.id, charge.awaits, look_again_at=look_again_at)
        return
    _waits(tx, engine, charge, "gateway", None, at_least=timedelta(seconds=asked))


def _waits(
    tx: UnitOfWork,
    engine: Engine,
    charge: PendingCharge,
    reason: AwaitReason,
    url: str | None,
    *,
    at_least: timedelta = timedelta(0),
) -> Awaits:
    before = charge.awaits
    # Processors go by real time; whoever has to confirm a payment lives by the time of the customer.
    is_payers = reason == "authentication"
    at = engine.now_for(tx, tx.customers.get(charge.customer_id)) if is_payers else engine.now()
    since = before.since if before is not None and before.reason == reason else at
    awaits = Awaits(reason, since, url)
    tx.charges.wait(charge.id, awaits, look_again_at=engine.now() + max(awaits.rest(at), at_least))
    return awaits


def give_up(
    tx: UnitOfWork,
    engine: Engine,
    charge: PendingCharge,
    method: PaymentMethod,
    declined: BillingError,
    *,
    stays_owed: bool = False,
) -> None:
    """Record in a transaction that a charge was refused; nothing else comes of it.

    Args:
        tx: the transaction.
        engine: the engine.
        charge: what was to be collected.
        method: what from.
        declined: why it was refused.
        stays_owed: an invoice for credit that is bought ahead is tried again, and not void.
    """
    customer = tx.customers.lock(charge.customer_id)
    if not tx.charges.remove(charge.id):
        return
    payment = Payment(
        id=new_id("payment"),
        customer_id=customer.id,
        amount=charge.amount,
        status="failed",
        attempted_at=engine.now_for(tx, customer),
        method=method.name,
        decline_code=str(declined.facts.get("decline_code") or declined.code),
        invoice_id=charge.invoice_id,
        gateway=charge.gateway,
        payment_intent_id=charge.payment_intent_id,
    )
    tx.invoices.add_payment(payment)
    if charge.invoice_id is not None:
        leave_unpaid(tx, customer, charge, payment)
        _announce_page(tx, engine, charge, declined)
        if not stays_owed:
            _void_if_sold_ahead(tx, customer, charge, at=payment.attempted_at)
        return
    record_payment(tx, customer, payment, None, source=charge.source, actor=charge.actor)
    if charge.payment_intent_id is not None:
        note_refusal(tx, charge, payment)
    _return_what_was_held(tx, customer, charge, at=payment.attempted_at)


def _announce_page(tx: UnitOfWork, engine: Engine, charge: PendingCharge, declined: BillingError) -> None:
    """Announce where its payer can confirm what the bank has refused because nobody was there to do so."""
    url = declined.facts.get("url")
    if url and charge.awaits is None:
        announce_action(tx, engine, charge, Awaits("authentication", engine.now(), str(url)))


def _void_if_sold_ahead(tx: UnitOfWork, customer: Customer, charge: PendingCharge, *, at: datetime) -> None:
    """Make an invoice void that only sells credit which was not paid for: credit is not to be owed for."""
    invoice = tx.invoices.get(charge.invoice_id or "")
    grants = tx.grants.bought_by(invoice.id) if grants_bought(invoice.lines) else ()
    if invoice.is_owed and grants and all(grant.source == "top_up" for grant in grants):
        void(tx, customer, invoice, source=charge.source, actor=charge.actor, at=at)


def let_go(tx: UnitOfWork, engine: Engine, charge: PendingCharge) -> None:
    """Record in a transaction that a change is not wanted any more whose bill was withdrawn at the gateway."""
    customer = tx.customers.lock(charge.customer_id)
    if not tx.charges.remove(charge.id):
        return
    tx.audit.record(charge.actor, "charge.withdraw", charge.id, engine.now(), before=charge)
    _return_what_was_held(tx, customer, charge, at=engine.now_for(tx, customer))
    if charge.payment_intent_id is not None:
        note_withdrawal(tx, charge, at=engine.now_for(tx, customer))


def _return_what_was_held(tx: UnitOfWork, customer: Customer, charge: PendingCharge, *, at: datetime) -> None:
    """Give back what a change had held that does not come about: balance, credit, coupons; and forget its plan."""
    if charge.agreement is None:
        return
    give_back(tx, charge.id, at=at)
    give_credit_back(tx, customer, charge, at=at)
    if tx.agreements.find(charge.changed.id) is None:
        release_redemptions(tx, charge.changed.id)
    drop_if_planned(tx, customer, charge)
