"""Adjust credit by hand: give some, or take some."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import (
    CreditAdjustment,
    CreditGrant,
    CreditMovement,
    check_grant,
    check_number,
    deductions,
)
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import add_grant
from billing_sdk.server.usecases.pending_usage import pending_usage
from billing_sdk.server.usecases.post import post_adjustment
from billing_sdk.server.usecases.watch_soon import watch_soon


def adjust_credit(
    engine: Engine,
    *,
    customer_id: str,
    name: str,
    amount: Money,
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    source: EventSource = "api",
    actor: str | None = None,
) -> CreditAdjustment:
    """Give a customer credit, or take some: what usage was charged wrongly, for instance.

    What is given is promotional credit. What is taken goes from the grants in the order in which usage spends them, and
    never what usage needs that is billed later, or what is reserved.

    Args:
        engine: the engine.
        customer_id: whose.
        name: what it is for, as the history of credit says it.
        amount: above zero to give, below zero to take.
        description: more about it.
        labels: marks of whoever makes it.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        InvalidAmount: it is of nothing, or of more than can be real.
        InvalidRequest: the name has no or too many characters.
        InsufficientCredit: more would be taken than the customer can spend.
        TooManyCreditGrants: the customer has a hundred that are not used up.
    """
    actor = actor or source
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        adjustment = CreditAdjustment(new_id("adjustment"), customer.id, name.strip(), amount, at)
        tx.credit_history.add(adjustment)
        tx.audit.record(actor, "credit.adjust", adjustment.id, at, after=adjustment)
        if description is not None or labels:
            extras = Extras(
                "credit_adjustment",
                adjustment.id,
                created_at=at,
                updated_at=at,
                parent_id=customer.id,
                description=description,
                labels=labels or {},
            )
            tx.konnect.save(extras)
        if amount.minor > 0:
            _give(tx, customer, adjustment, source=source, actor=actor, at=at)
        else:
            _take(tx, customer, adjustment, at=at)
        return adjustment


def _give(
    tx: UnitOfWork, customer: Customer, adjustment: CreditAdjustment, *, source: EventSource, actor: str, at: datetime
) -> None:
    grant = CreditGrant(
        id=new_id("grant"),
        customer_id=customer.id,
        name=adjustment.name,
        amount=adjustment.amount,
        left=adjustment.amount,
        category="promotional",
        effective_at=at,
        created_at=at,
    )
    check_grant(grant, at=at)
    check_number(tx.grants.count_unused(customer.id))
    add_grant(tx, customer, grant, source=source, actor=actor, at=at, adjustment_id=adjustment.id)


def _take(tx: UnitOfWork, customer: Customer, adjustment: CreditAdjustment, *, at: datetime) -> None:
    spoken_for = pending_usage(tx, customer, at=at, more=tx.reservations.held_of(customer.id, at=at))
    taken = deductions(tx.grants.unused_of(customer.id), spoken_for, -adjustment.amount, at=at)
    tx.grants.move(
        [
            CreditMovement(
                new_id("movement"),
                one.grant.id,
                customer.id,
                "adjusted",
                -one.amount,
                at,
                adjustment_id=adjustment.id,
            )
            for one in taken
        ]
    )
    for one in taken:
        post_adjustment(tx, one.grant, one.amount, at=at)
    watch_soon(tx, customer, at=at)
