"""Add a card, to be charged from now on or once: the gateway keeps it, this server remembers its token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from billing_sdk.errors import CardRefused
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import digest_of, new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway

CREATED: Final = 201


def add_card(engine: Engine, *, customer_id: str, card: CardEntry, actor: str = "user") -> PaymentMethod:
    """Let a customer be charged by a card from now on, in place of the one before.

    A copy of the form that a card was typed into adds nothing: what the first one has added is returned.

    Raises:
        NotFound: there is no such customer.
        CardRefused: it has expired, or the gateway does not take such a card.
        CardDeclined: the bank refuses the card.
    """
    with recording_denials(engine, actor=actor, action="card.add", subject=customer_id):
        method = _stored(engine, customer_id, card)
        with engine.begin() as tx:
            tx.customers.lock(customer_id)
            earlier = _added_before(tx, card, method, at=engine.now())
            if earlier is not None:
                return earlier
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


def _added_before(tx: UnitOfWork, card: CardEntry, method: PaymentMethod, *, at: datetime) -> PaymentMethod | None:
    """Return what a copy of the same form has added; else note that it is this. The customer is locked.

    Whoever goes back in the browser types another card into the same form. The two are told apart by what is known of
    every card that is kept, and not by a digest of the number, which could be guessed from it.
    """
    if not card.form_key:
        return None
    key = f"{card.form_key}:{method.brand}:{method.last4}:{method.exp_month}/{method.exp_year}"
    claim = Claim(f"card:{method.customer_id}", key, digest_of(key))
    found = tx.idempotency.claim(claim, at=at, lease_ends_at=at)
    if isinstance(found, StoredAnswer):
        return tx.customers.get_payment_method(found.body)
    tx.idempotency.store(claim, StoredAnswer(CREATED, method.id))
    return None


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
