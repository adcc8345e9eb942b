"""Grant credit for usage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import InvalidRequest, UnknownFeature
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement, GrantCategory, check_grant, check_number
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.credit_news import announce_grant
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.post import post_grant


def grant_credit(
    engine: Engine,
    *,
    customer_id: str,
    name: str,
    amount: Money,
    category: GrantCategory = "promotional",
    priority: int = 50,
    effective_at: datetime | None = None,
    expires_at: datetime | None = None,
    applies_to: Sequence[str] = (),
    source: EventSource = "admin",
    actor: str | None = None,
) -> CreditGrant:
    """Grant a customer credit that pays for metered usage.

    Args:
        engine: the engine.
        customer_id: who gets it.
        name: what invoices call it.
        amount: above zero.
        category: `paid` where the customer has paid for it, elsewhere; else `promotional`.
        priority: 0 is spent first, 100 last.
        effective_at: from when on it counts, in the customer's time; now by default.
        expires_at: from when on it pays for earlier periods only; never by default.
        applies_to: keys of the metered features that it pays for; all of them where none is named.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        InvalidAmount: the amount is not above zero, or more than can be real.
        InvalidCreditGrant: it would expire before it began, or has by now.
        InvalidRequest: a time has no zone, or a name, category, priority or number of features is out of its bounds.
        UnknownFeature: one of the features does not exist, or is not metered.
        TooManyCreditGrants: the customer has a hundred that are not used up.
    """
    for parameter, instant in (("effective_at", effective_at), ("expires_at", expires_at)):
        if instant is not None and instant.tzinfo is None:
            raise InvalidRequest(f"{parameter} has no time zone", parameter=parameter)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        grant = CreditGrant(
            id=new_id("grant"),
            customer_id=customer.id,
            name=name.strip(),
            amount=amount,
            left=amount,
            category=category,
            effective_at=effective_at or at,
            created_at=at,
            priority=priority,
            expires_at=expires_at,
            applies_to=tuple(dict.fromkeys(applies_to)),
        )
        check_grant(grant, at=at)
        require_metered_features(tx, grant.applies_to)
        check_number(tx.grants.count_unused(customer.id))
        return add_grant(tx, customer, grant, source=source, actor=actor or source, at=at)


def add_grant(
    tx: UnitOfWork, customer: Customer, grant: CreditGrant, *, source: EventSource, actor: str, at: datetime
) -> CreditGrant:
    """Store a grant that has been checked, with what comes to it and with its end; the customer is locked."""
    tx.grants.add(replace(grant, left=zero(grant.amount.currency)))
    tx.audit.record(actor, "credit.grant", grant.id, at, after=grant)
    return let_in(tx, customer, grant, source=source, at=at)


def let_in(tx: UnitOfWork, customer: Customer, grant: CreditGrant, *, source: EventSource, at: datetime) -> CreditGrant:
    """Give the customer what a grant is of, and set the timer of its end."""
    came = CreditMovement(new_id("movement"), grant.id, customer.id, "granted", grant.amount, at)
    tx.grants.move([came])
    post_grant(tx, grant, at=at)
    if grant.expires_at is not None:
        tx.timers.set("expire_credit", grant.id, max(grant.expires_at, at), customer)
    announce_grant(tx, "granted", grant, customer=customer, source=source, at=at)
    return grant


def require_metered_features(tx: UnitOfWork, keys: Sequence[str]) -> None:
    """Let keys of metered features pass.

    Raises:
        UnknownFeature: there is no such feature, or it is not metered.
    """
    for key in keys:
        feature = tx.features.find(key)
        if feature is None or not feature.is_metered:
            raise UnknownFeature(f"there is no metered feature {key[:64]!r}", feature=key[:64])
