"""Grant the credit that comes with an agreement: for every service interval, as its plan and its add-ons say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing_sdk.server.domain import catalog
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import GrantedCredit, InForce
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import add_grant
from billing_sdk.server.usecases.load_in_force import load_in_force


def grant_due_credit(engine: Engine, timer: Timer) -> None:
    """Grant what an agreement comes with for the service intervals that begin now; run by its timer.

    While the agreement includes nothing, because it was not paid for, it grants nothing either; what it would have
    granted does not come later.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.find(timer.subject_id)
        if agreement is not None:
            grant_recurring(tx, customer, agreement, at=timer.due_at)


def grant_recurring(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, *, at: datetime, grants_partial: bool = True
) -> None:
    """Grant what an agreement comes with for the service intervals under way, where it has not; the customer is locked.

    Called whenever an agreement begins, changes or goes on, and at the start of each service interval. What is granted
    for an interval is granted once, whole, also where the interval is shorter because the agreement begins within it
    (Stripe documentation, "How hybrid pricing plans work"). An add-on grants as often as it was taken.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        agreement: as it is from then on.
        at: the customer's present.
        grants_partial: whether anything is granted for an interval that had begun before the agreement did.
    """
    if agreement.status != "active":
        tx.timers.clear(agreement.id, "grant_credit")  # a trial, a pause: nothing is charged that it could pay for
        return
    if not any(_grants(version) for version in _versions(tx, agreement)):
        return
    in_force = load_in_force(tx, agreement)
    if agreement.grants:
        due = tuple(in_force.credit_at(at))
        since = min((one.interval.start for one in due), default=at)
        granted = {(one.component, one.interval_start) for one in tx.grants.of_agreement(agreement.id, since=since)}
        for one in due:
            is_due = grants_partial or one.since == one.interval.start
            if is_due and (one.name, one.interval.start) not in granted:
                _grant(tx, customer, agreement, one, at=at)
    tx.timers.set("grant_credit", agreement.id, _next_start(in_force, at), customer)


def _grant(tx: UnitOfWork, customer: Customer, agreement: Agreement, one: GrantedCredit, *, at: datetime) -> None:
    component = one.component
    amount = catalog.amount_of(component.amount.minor * one.times, component.amount.currency)
    grant = CreditGrant(
        id=new_id("grant"),
        customer_id=customer.id,
        name=component.name,
        amount=amount,
        left=amount,
        category="paid" if component.category == "paid" else "promotional",
        effective_at=one.since,
        created_at=at,
        priority=component.priority,
        expires_at=one.interval.end if component.expires_with_interval else None,
        applies_to=component.applies_to,
        items=component.items,
        source="service_action",
        agreement_id=agreement.id,
        component=one.name,
        interval_start=one.interval.start,
        ends_with_agreement=component.expires_with_interval,
    )
    add_grant(tx, customer, grant, source="admin", actor="timer", at=at)


def _next_start(in_force: InForce, at: datetime) -> datetime:
    """Return when the next service interval begins of any component that grants credit, in any phase."""
    versions = (in_force.version, *(add_on.version for add_on in in_force.add_ons))
    return min(
        in_force.schedule_of(service).period_at(at).end
        for service in {component.service for version in versions for component in _grants(version)}
    )


def _grants(version: PlanVersion) -> list[catalog.CreditGrant]:
    return [component for component in version.all_components if isinstance(component, catalog.CreditGrant)]


def _versions(tx: UnitOfWork, agreement: Agreement) -> Iterator[PlanVersion]:
    yield tx.catalog.get_version(agreement.plan_version_id)
    for add_on in agreement.add_ons:
        yield tx.catalog.get_version(add_on.plan_version_id)
