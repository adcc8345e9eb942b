"""Grant credit for usage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import UnknownFeature
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import (
    CreditGrant,
    CreditMovement,
    GrantCategory,
    Settlement,
    check_grant,
    check_number,
)
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.credit_known_as import KnownAs, remember_grant
from billing_sdk.server.usecases.credit_news import announce_grant
from billing_sdk.server.usecases.customer_time import check_times, zone_of
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
    expires_after: Duration | None = None,
    applies_to: Sequence[str] = (),
    items: Sequence[str] = (),
    cards: Sequence[str] = (),
    price: Money | None = None,
    settlement: Settlement | None = None,
    known_as: KnownAs | None = None,
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
        priority: 0 is spent first, 1000 last.
        effective_at: from when on it counts, in the customer's time; now by default.
        expires_at: from when on it pays for earlier periods only; never by default.
        expires_after: the same, counted from when it takes effect, by the customer's calendar.
        applies_to: keys of the metered features that it pays for; all of them where none is named.
        items: the metered items that it pays for, by id or lookup key; all of them where none is named.
        cards: the rate cards whose charges it pays, likewise.
        price: what is paid for it, where that is not as much as it is of.
        settlement: how far its payment has come, where somebody else collects that; it counts all the same.
        known_as: what the Konnect door is to know of it.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer, metered item or rate card.
        InvalidAmount: the amount is not above zero, or more than can be real.
        InvalidCreditGrant: it would expire before it began, or has by now.
        InvalidRequest: a time has no zone, or a name, category, priority or number of features is out of its bounds.
        UnknownFeature: one of the features does not exist, or is not metered.
        TooManyCreditGrants: the customer has a hundred that are not used up.
        DuplicateKey: another grant has the key.
    """
    check_times(effective_at=effective_at, expires_at=expires_at)
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
            expires_at=ends_at(tx, customer, expires_at, expires_after, effective_at or at),
            applies_to=tuple(dict.fromkeys(applies_to)),
            items=tuple(dict.fromkeys(tx.items.get_metered(item).id for item in items)),
            cards=tuple(dict.fromkeys(tx.rate_cards.get(card).id for card in cards)),
            price=price,
            settlement=settlement,
        )
        check_grant(grant, at=at)
        require_metered_features(tx, grant.applies_to)
        check_number(tx.grants.count_unused(customer.id))
        remember_grant(tx, grant, known_as, at=at)
        return add_grant(tx, customer, grant, source=source, actor=actor or source, at=at)


def ends_at(
    tx: UnitOfWork,
    customer: Customer,
    expires_at: datetime | None,
    expires_after: Duration | None,
    effective_at: datetime,
) -> datetime | None:
    """Return when a grant ends that is to last for a duration, or until an instant."""
    return expires_at if expires_after is None else expires_after.after(effective_at, zone_of(tx, customer.id))


def add_grant(
    tx: UnitOfWork,
    customer: Customer,
    grant: CreditGrant,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
    adjustment_id: str | None = None,
) -> CreditGrant:
    """Store a grant that has been checked, with what comes to it and with its end; the customer is locked."""
    tx.grants.add(replace(grant, left=amount_of(0, grant.amount.currency)))
    tx.audit.record(actor, "credit.grant", grant.id, at, after=grant)
    return let_in(tx, customer, grant, source=source, at=at, adjustment_id=adjustment_id)


def let_in(
    tx: UnitOfWork,
    customer: Customer,
    grant: CreditGrant,
    *,
    source: EventSource,
    at: datetime,
    adjustment_id: str | None = None,
) -> CreditGrant:
    """Give the customer what a grant is of, and set the timer of its end."""
    came = CreditMovement(
        new_id("movement"), grant.id, customer.id, "granted", grant.amount, at, adjustment_id=adjustment_id
    )
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
