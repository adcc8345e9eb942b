"""Tell what a customer has in credit for usage."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.credits import CreditBalance, balance_of
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pending_usage import pending_usage


def look_up_credit(engine: Engine, *, customer_id: str) -> tuple[CreditBalance, ...]:
    """Return what a customer has in credit, for each currency in which there is any, with the usage of this moment.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        return credit_of(tx, customer, at=engine.now_for(tx, customer))


def credit_of(tx: UnitOfWork, customer: Customer, *, at: datetime) -> tuple[CreditBalance, ...]:
    """Return the balances of a customer, by currency; without grants nothing has to be rated."""
    grants = tx.grants.unused_of(customer.id)
    if not grants:
        return ()
    payables = pending_usage(tx, customer, at=at)
    currencies = sorted({grant.left.currency for grant in grants})
    return tuple(balance_of(grants, payables, currency, at=at) for currency in currencies)
