"""Tell what a customer has in credit for usage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditBalance, CreditGrant, CreditStanding, balance_of, standing_of
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import Condition
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pending_usage import pending_usage


def look_up_credit(engine: Engine, *, customer_id: str) -> tuple[CreditBalance, ...]:
    """Return what a customer has in credit, for each currency in which there is any, with the usage of this moment.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        tx.look_ahead([agreement.id for agreement in tx.agreements.live_of(customer_id)])
        return credit_of(tx, customer, at=engine.now_for(tx, customer))


def credit_of(tx: UnitOfWork, customer: Customer, *, at: datetime) -> tuple[CreditBalance, ...]:
    """Return the balances of a customer, by currency; without grants nothing has to be rated."""
    grants = tx.grants.unused_of(customer.id)
    if not grants:
        return ()
    payables = pending_usage(tx, customer, at=at)
    currencies = sorted({grant.left.currency for grant in grants})
    return tuple(balance_of(grants, payables, currency, at=at) for currency in currencies)


def credit_at(
    tx: UnitOfWork, customer: Customer, conditions: Collection[Condition] = (), *, at: datetime, now: datetime
) -> tuple[CreditStanding, ...]:
    """Return where a customer stands or stood, by currency.

    Of the past the books know what was granted and used, not what usage was still to be billed then; what lies ahead is
    told as if nothing more were used.

    Args:
        tx: the transaction.
        customer: whose.
        conditions: over the keys of the features that grants pay for.
        at: when, in the customer's time.
        now: the customer's present.
    """
    if at < now:
        left = tx.credit_history.left_at(customer.id, at)
        grants = [
            replace(one, left=amount_of(left[one.id], one.amount.currency))
            for one in tx.grants.all_of(customer.id)
            if left.get(one.id)
        ]
    else:
        grants = [
            one
            for one in tx.grants.unused_of(customer.id)
            if one.expires_at is None or one.expires_at > at or one.expires_at <= now
        ]
    payables = pending_usage(tx, customer, at=now) if grants and at >= now else ()
    return tuple(
        standing_of(grants, payables, currency, at=at, counts=lambda grant: counting(grant, conditions))
        for currency in sorted({grant.left.currency for grant in grants})
    )


def counting(grant: CreditGrant, conditions: Collection[Condition]) -> bool:
    """Tell whether a grant pays for features that are as conditions ask; one for all features does."""
    return not grant.applies_to or all(condition.holds(grant.applies_to) for condition in conditions)
