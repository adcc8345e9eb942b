"""Add a card, to be charged from now on or once: the gateway keeps it, this server remembers its token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import CardRefused
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway


def add_card(engine: Engine, *, customer_id: str, card: CardEntry, actor: str = "user") -> PaymentMethod:
    """Let a customer be charged by a card from now on, in place of the one before.

    Raises:
        NotFound: there is no such customer.
        CardRefused: it has expired, or the gateway does not take such a card.
        CardDeclined: the bank refuses the card.
    """
    with recording_denials(engine, actor=actor, action="card.add", subject=customer_id):
        method = _stored(engine, customer_id, card)
        with engine.begin() as tx:
            tx.customers.lock(customer_id)
            before = tx.customers.find_payment_method(customer_id)
            tx.customers.add_payment_method(method)
            tx.audit.record(actor, "card.add", customer_id, engine.now(), before=before, after=method)
    return method


def add_card_for_once(engine: Engine, *, customer_id: str, card: CardEntry, actor: str) -> PaymentMethod:
    """Store a card that a payment is made by, and nothing after it: it never is one of the customer's own.

    Raises:
        NotFound: there is no such customer.
        CardRefused: it has expired, or the gateway does not take such a card.
        CardDeclined: the bank refuses the card.
    """
    with recording_denials(engine, actor=actor, action="card.use", subject=customer_id):
        stored = _stored(engine, customer_id, card)
        method = replace(stored, is_default=False, detached_at=stored.created_at)
        with engine.begin() as tx:
            tx.customers.lock(customer_id)
            tx.customers.add_payment_method(method)
            tx.audit.record(actor, "card.use", customer_id, engine.now(), after=method)
    return method


def _stored(engine: Engine, customer_id: str, card: CardEntry) -> PaymentMethod:
    with engine.read() as tx:
        at = engine.now_for(tx, tx.customers.get(customer_id))
    _check_expiry(card, at)
    gateway = current_gateway(engine)
    stored = gateway.store_card(card)
    return PaymentMethod(
        id=new_id("card"),
        customer_id=customer_id,
        gateway_token=stored.token,
        brand=stored.brand,
        last4=stored.last4,
        exp_month=stored.exp_month,
        exp_year=stored.exp_year,
        created_at=at,
        gateway=gateway.kind,
        kind=stored.kind,
    )


def _check_expiry(card: CardEntry, at: datetime) -> None:
    """Refuse a card that has expired; it is good until the end of the month that is printed on it."""
    if (card.exp_year, card.exp_month) < (at.year, at.month):
        raise CardRefused("the card has expired", parameter="expiry", remedy="Use any date in the future.")
