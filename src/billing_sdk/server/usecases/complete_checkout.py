"""Complete a checkout session: keep the card, take the money, and make the subscriptions, each once.

Every step is on record before the next one begins, so that whoever sends the form again, comes back from the bank's
page, or finds the session left over goes on from there, and nothing is paid or agreed to twice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from billing_sdk.errors import (
    BillingError,
    CheckoutOver,
    InvalidIntentStatus,
    InvalidRequest,
    PaymentIntentUnexpectedState,
    PaymentMethodRequired,
    PriceChanged,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import BillingIntent
from billing_sdk.server.domain.customers import Address, checked_tax_ids
from billing_sdk.server.domain.invoicing import UNDER_WAY, PaymentIntent
from billing_sdk.server.domain.visits import CheckoutSession
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.checkout_sessions import (
    ACTOR,
    draft_for,
    find_session,
    list_sessions,
    locked_session,
    save_session,
)
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.payment_intents import (
    add_payment_intent,
    cancel_payment_intent,
    confirm_payment_intent,
)
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.reserve_intent import cancel_intent, reserve_intent
from billing_sdk.server.usecases.stripe_customers import add_stripe_customer
from billing_sdk.server.usecases.update_customer import CustomerFields, update_customer

Standing = Literal["complete", "confirm", "pending"]
# Which session holds the customer's plans, by the customer.
HOLDER: Final = "checkout_holder"
# The statuses of an intent whose subscriptions nobody else can change any more.
KEPT: Final = ("reserved", "committed")


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a session is; `url` is where its payer confirms the payment."""

    session: CheckoutSession
    standing: Standing
    url: str | None = None


def know_payer(
    engine: Engine,
    session_id: str,
    *,
    email: str = "",
    address: Address | None = None,
    tax_ids: tuple[str, ...] = (),
) -> CheckoutSession:
    """Make the customer of a session that has none, and note where the customer is and what its tax ids are.

    The page shows nobody which tax ids are known, so where none is given with the address, those stay.

    Raises:
        NotFound: there is no such session.
        CheckoutOver: it is over.
        InvalidRequest: the e-mail address is none.
        InvalidAddress: the address can't be.
        InvalidTaxId: one can't be a tax id; nothing is kept then.
    """
    tax_ids = checked_tax_ids(tax_ids)
    with locked_session(engine, session_id) as (tx, before):
        _require_open(engine, before)
        known = before
        if before.customer_id is None:
            if not email:
                raise InvalidRequest("an e-mail address is needed", parameter="email")
            customer = add_stripe_customer(
                tx, engine, data={"name": None}, metadata={}, email=normal_email(email, "email"), actor=ACTOR
            )
            known = replace(before, customer_id=customer.id)
            save_session(tx, known, at=engine.now())
    if address is not None and known.customer_id is not None:
        place: CustomerFields = {"address": address, "tax_ids": tax_ids} if tax_ids else {"address": address}
        update_customer(engine, known.customer_id, actor=ACTOR, **place)
    return known


def pay_session(
    engine: Engine, session_id: str, *, card: CardEntry | None = None, shown: Money | None = None
) -> Reached:
    """Pay what a session comes to with a new card, or with the one that the customer has, and complete it.

    Args:
        engine: the engine.
        session_id: which one; its customer is known.
        card: as it was typed in; the customer's own where it is not given.
        shown: what the page has said is due.

    Raises:
        NotFound: there is no such session.
        CheckoutOver: it is over.
        PriceChanged: something else is due by now.
        PaymentMethodRequired: there is no card.
        CardRefused, CardDeclined, GatewayRefused: it can't be paid with this card; another one may do.
        BillingError: a plan can't be agreed to any more; as `reserve_intent`.
    """
    try:
        return _attempt(engine, session_id, card, shown)
    except (InvalidIntentStatus, PaymentIntentUnexpectedState):  # the form was sent twice, and the other one was first
        return go_on(engine, session_id)


def _attempt(engine: Engine, session_id: str, card: CardEntry | None, shown: Money | None) -> Reached:
    with engine.read() as tx:
        session = find_session(tx, session_id)
    if session.status == "complete":
        return Reached(session, "complete")
    _require_open(engine, session)
    if session.customer_id is None:
        raise InvalidRequest("the session has no customer", parameter="email")
    paid = _payment_of(engine, session)
    if paid is not None and (paid.status in UNDER_WAY or paid.status == "succeeded"):
        return go_on(engine, session_id)
    if card is not None:
        add_card(engine, customer_id=session.customer_id, card=card, actor=ACTOR)
    _make_way(engine, session)
    session, intent = _reserved(engine, session_id)
    due = intent.amounts.due
    if shown is not None and shown != due:
        raise PriceChanged(f"{due} is due, not {shown}")
    with engine.read() as tx:
        method = tx.customers.find_payment_method(session.customer_id or "")
    if method is None:
        raise PaymentMethodRequired("there is no card to pay with")
    if due:
        payment = _payment_for(engine, session_id, due)
        try:
            confirm_payment_intent(engine, payment.id, payment_method_id=method.id, actor=ACTOR)
        except REFUSED:
            _let_go(engine, session_id)  # whoever goes away now holds nothing up
            raise
    return go_on(engine, session_id)


def go_on(engine: Engine, session_id: str) -> Reached:
    """Complete a session whose payment has succeeded; else tell what it waits for.

    Raises:
        NotFound: there is no such session.
    """
    with engine.read() as tx:
        session = find_session(tx, session_id)
        if session.status == "complete":
            return Reached(session, "complete")
        intent = None if session.intent_id is None else tx.billing_intents.get(session.intent_id)
        url = _page_of(tx, session)
    paid = _payment_of(engine, session)
    if paid is not None and paid.status != "succeeded":
        return Reached(session, "confirm" if url else "pending", url)
    if paid is not None and (intent is None or intent.status not in KEPT):
        # Another attempt was refused meanwhile, and has let go of what this one has paid for.
        session, intent = _reserved(engine, session_id)
    if intent is None:
        return Reached(session, "pending")
    if intent.status != "committed" and (paid is not None or not intent.amounts.due):
        with suppress(InvalidIntentStatus):  # somebody else has committed it meanwhile
            commit_intent(
                engine,
                intent_id=intent.id,
                payment_intent_id=None if paid is None else paid.id,
                source="user",
                actor=ACTOR,
            )
    return _completed(engine, session_id)


def settle_checkouts(engine: Engine) -> None:
    """Complete the sessions that were paid and that nobody has come back to."""
    with engine.read() as tx:
        waiting = [one for one in list_sessions(tx) if one.status == "open" and one.payment_intent_id is not None]
    for session in waiting:
        with suppress(BillingError):  # whoever opens the page sees why
            go_on(engine, session.id)


def _reserved(engine: Engine, session_id: str) -> tuple[CheckoutSession, BillingIntent]:
    """Return the reserved intent of a session, which is made with its first attempt, and anew where it has lapsed."""
    lapsed: str | None = None
    with locked_session(engine, session_id) as (tx, before):
        session = before
        customer = tx.customers.lock(session.customer_id or "")
        intent = None if session.intent_id is None else tx.billing_intents.get(session.intent_id)
        if intent is not None and intent.status == "draft" and intent.expires_at < engine.now_for(tx, customer):
            lapsed, intent = intent.id, None
        if intent is None or intent.status not in ("draft", *KEPT):
            cadence, intent, _ = draft_for(tx, engine, customer, session)
            session = replace(session, cadence_id=cadence.id, intent_id=intent.id)
            at = engine.now()
            save_session(tx, session, at=at)
            tx.stripe.save(StripeObject(HOLDER, customer.id, at, at, data={"session": session.id}))
    if lapsed is not None:
        cancel_intent(engine, intent_id=lapsed, source="user", actor=ACTOR)
    if intent.status == "draft":
        intent = _reserve(engine, intent.id)
    return session, intent


def _reserve(engine: Engine, intent_id: str) -> BillingIntent:
    try:
        return reserve_intent(engine, intent_id=intent_id, source="user", actor=ACTOR)
    except InvalidIntentStatus:
        with engine.read() as tx:
            intent = tx.billing_intents.get(intent_id)
        if intent.status not in KEPT:
            raise
        return intent  # the form was sent twice


def _make_way(engine: Engine, wanted: CheckoutSession) -> None:
    """Let go of what another session of the customer holds that nobody has paid: this one is wanted now."""
    with engine.read() as tx:
        held = tx.stripe.find(HOLDER, wanted.customer_id or "")
        if held is None or held.data["session"] == wanted.id:
            return
        other = find_session(tx, held.data["session"])
    paid = _payment_of(engine, other)
    if paid is not None and paid.status in UNDER_WAY:
        try:
            cancel_payment_intent(engine, paid.id, reason="abandoned", actor=ACTOR)
        except BillingError:  # the bank is at it, or it is paid
            return
    if paid is None or paid.status != "succeeded":
        _let_go(engine, other.id)


def _let_go(engine: Engine, session_id: str) -> None:
    """Hold nothing for a session any more that is not paid; another attempt begins anew."""
    with locked_session(engine, session_id) as (tx, before):
        intent = None if before.intent_id is None else tx.billing_intents.get(before.intent_id)
        if intent is None or intent.status not in ("draft", "reserved"):
            return
        paid = None if before.payment_intent_id is None else tx.payment_intents.get(before.payment_intent_id)
        if paid is not None and (paid.status in UNDER_WAY or paid.status == "succeeded"):
            return  # another attempt is at it
        is_spent = paid is not None and paid.status == "canceled"
        after = replace(before, intent_id=None, payment_intent_id=None if is_spent else before.payment_intent_id)
        save_session(tx, after, at=engine.now())
    with suppress(InvalidIntentStatus):
        cancel_intent(engine, intent_id=intent.id, source="user", actor=ACTOR)


def _payment_for(engine: Engine, session_id: str, due: Money) -> PaymentIntent:
    """Return the one payment intent of a session, of what is due."""
    with locked_session(engine, session_id) as (tx, session):
        customer = tx.customers.lock(session.customer_id or "")
        if session.payment_intent_id is None:
            payment = add_payment_intent(
                tx, engine, customer, amount=due, description="Checkout", metadata={}, actor=ACTOR
            )
            save_session(tx, replace(session, payment_intent_id=payment.id), at=engine.now())
            return payment
        payment = tx.payment_intents.get(session.payment_intent_id)
        if payment.amount != due and payment.status not in UNDER_WAY and payment.status != "succeeded":
            payment = replace(payment, amount=due)
            tx.payment_intents.save(payment)
        return payment


def _completed(engine: Engine, session_id: str) -> Reached:
    with locked_session(engine, session_id) as (tx, before):
        intent = tx.billing_intents.get(before.intent_id or "")
        if intent.status != "committed":
            return Reached(before, "pending")
        if before.status == "complete":
            return Reached(before, "complete")
        after = before.completed(_invoice_of(tx, before))
        save_session(tx, after, at=engine.now())
        tx.audit.record(ACTOR, "checkout_session.complete", after.id, engine.now(), before=before, after=after)
    return Reached(after, "complete")


def _invoice_of(tx: UnitOfWork, session: CheckoutSession) -> str | None:
    if session.payment_intent_id is not None:
        return tx.payment_intents.get(session.payment_intent_id).invoice_id
    wanted = {one.agreement_id for one in session.items}
    for invoice in tx.invoices.newest_of(session.customer_id or "", limit=1):
        if wanted & {*invoice.agreement_ids}:
            return invoice.id
    return None


def _payment_of(engine: Engine, session: CheckoutSession) -> PaymentIntent | None:
    if session.payment_intent_id is None:
        return None
    with engine.read() as tx:
        return tx.payment_intents.get(session.payment_intent_id)


def _page_of(tx: UnitOfWork, session: CheckoutSession) -> str | None:
    paid = None if session.payment_intent_id is None else tx.payment_intents.get(session.payment_intent_id)
    charge = None if paid is None or paid.charge_id is None else tx.charges.by_id(paid.charge_id)
    return None if charge is None or charge.awaits is None else charge.awaits.url


def _require_open(engine: Engine, session: CheckoutSession) -> None:
    status = session.status_at(engine.now())
    if status != "open":
        raise CheckoutOver(f"the checkout session is {status}", status=status)
