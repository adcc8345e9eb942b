"""Collect what is pending: the price of a plan that was assigned before the customer had a card."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import PaymentMethodRequired
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import lines_in_advance
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_charge import collect_charge, open_charge, settle_left_over
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine


def collect_pending(
    engine: Engine, *, customer_id: str, source: EventSource = "user", actor: str | None = None
) -> Agreement | None:
    """Charge the present period of the plan that was assigned; None where nothing is pending.

    Raises:
        NotFound: there is no such customer.
        PaymentMethodRequired: the customer has no card still.
        CardDeclined: the charge was refused; the plan stays, and stays pending.
        Conflict: another change of the customer's plan is under way.
    """
    settle_left_over(engine, customer_id=customer_id)
    with engine.begin() as tx:
        change = _pending_change(tx, engine, tx.customers.lock(customer_id))
        if change is None:
            return None
        if change.method is None:
            raise PaymentMethodRequired(f"the plan {change.plan.key!r} costs something", plan=change.plan.key)
        if not change.amount:  # all that it costs is charged by usage, later
            tx.customers.save(replace(change.customer, pending_plan_key=None))
            return change.agreement
        charge = open_charge(tx, engine, change, change.method, source=source, actor=actor or source)
    return collect_charge(engine, charge)


def pending_plan(tx: UnitOfWork, customer: Customer) -> tuple[Agreement, Plan] | None:
    """Return the agreement that waits to be paid, and its plan; None where nothing is pending."""
    if customer.pending_plan_key is None:
        return None
    plan = tx.catalog.find_plan(customer.pending_plan_key)
    agreement = tx.agreements.find_live(customer.id, plan.group.id) if plan else None
    if plan is None or agreement is None or agreement.plan_key != plan.key:
        return None
    return agreement, plan


def _pending_change(tx: UnitOfWork, engine: Engine, customer: Customer) -> Change | None:
    waiting = pending_plan(tx, customer)
    if waiting is None:
        return None
    agreement, plan = waiting
    version = tx.catalog.get_version(agreement.plan_version_id)
    return Change(
        customer=customer,
        plan=replace(plan, version=version),
        before=agreement,
        agreement=agreement,
        lines=lines_in_advance(version, agreement.period_at(engine.now())),
        method=tx.customers.find_payment_method(customer.id),
    )
