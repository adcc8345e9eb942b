"""Collect what is pending: the price of a plan that was assigned before the customer had a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import PaymentMethodRequired, PriceChanged
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import lines_in_advance
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_charge import collect_charge, open_charge, settle_left_over
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine


def collect_pending(
    engine: Engine, *, customer_id: str, terms: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """Charge the present period of a plan that was assigned and is not paid.

    Args:
        engine: the engine.
        customer_id: who owes it.
        terms: what the customer was shown and agreed to, one of `changes_unpaid`.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such customer.
        PriceChanged: the customer owes nothing on these terms, any more or at all.
        PaymentMethodRequired: the customer has no card still.
        CardDeclined: the charge was refused; the plan stays, and stays unpaid.
        Conflict: another change of the customer's plan is under way.
    """
    settle_left_over(engine, customer_id=customer_id)
    actor = actor or source
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        unpaid = {change.terms: change for change in changes_unpaid(tx, customer, at=at)}
        change = unpaid.get(terms)
        if change is None:
            raise PriceChanged("what was shown is not what is to be paid now")
        match change.outcome:
            case "free":  # all that it costs is charged by usage, later
                return conclude_change(
                    tx,
                    customer=customer,
                    agreement=change.agreement,
                    lines=(),
                    payment=None,
                    source=source,
                    actor=actor,
                    at=at,
                )
            case "credit":
                raise PaymentMethodRequired(f"the plan {change.plan.key!r} costs something", plan=change.plan.key)
            case "charge":
                charge = open_charge(tx, engine, change, source=source, actor=actor)
    return collect_charge(engine, charge)


def changes_unpaid(tx: UnitOfWork, customer: Customer, *, at: datetime) -> tuple[Change, ...]:
    """Return what would settle each plan that a customer was given on credit, the oldest first."""
    return tuple(
        _settling(tx, customer, agreement, at)
        for agreement in tx.agreements.live_of(customer.id)
        if agreement.is_unpaid
    )


def _settling(tx: UnitOfWork, customer: Customer, agreement: Agreement, at: datetime) -> Change:
    version = tx.catalog.get_version(agreement.plan_version_id)
    (plan,) = tx.catalog.list_plans([agreement.plan_key])
    return Change(
        customer=customer,
        plan=replace(plan, version=version),
        before=agreement,
        agreement=replace(agreement, is_unpaid=False),
        lines=lines_in_advance(version, agreement.period_at(at)),
        method=tx.customers.find_payment_method(customer.id),
    )
