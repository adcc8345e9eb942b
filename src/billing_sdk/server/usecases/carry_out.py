"""Carry out a change that has been decided: at once where nothing is to be collected, else with a charge to make."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import PaymentMethodRequired
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.collect_charge import collect_change, open_charge, refuse_call
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.tax_customer import require_location


def carry_out(
    engine: Engine,
    tx: UnitOfWork,
    change: Change,
    *,
    may_owe: bool,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Agreement | PendingCharge:
    """Make a change, or write down the charge that it depends on; `collected` does the rest after the transaction.

    Args:
        engine: the engine.
        tx: the transaction that it was decided in.
        change: what was decided.
        may_owe: whether a customer without a card gets it all the same.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: when it happens, on the customer's time line.

    Raises:
        PaymentMethodRequired: there is no card, and it costs something that the customer may not owe, begins with a
            trial that requires one, or what was used is to be charged, which would be forgotten with the agreement
            that ends.
        TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
        Conflict: another change of the customer's plan is under way.
    """
    require_location(tx, change.customer, change.lines, billing_cadence_id=change.agreement.billing_cadence_id)
    agreement, lines = change.agreement, change.lines
    is_alteration = change.before is not None and change.before.id == agreement.id
    if change.outcome == "charge":
        return open_charge(tx, engine, change, source=source, actor=actor)
    # Whoever has agreed to it has been asked for a card before; with nothing to pay it isn't asked for again.
    if change.outcome == "credit" and (change.amount or not is_alteration):
        if not may_owe or not change.can_be_owed:
            raise PaymentMethodRequired(f"the plan {change.plan.key!r} costs something", plan=change.plan.key)
        if agreement.status != "trialing":
            # Nothing of the new plan is invoiced yet, so all that is given back goes to the balance, and no coupon has
            # counted for a period.
            discounts = agreement.discounts if change.discounts is None else change.discounts
            agreement = replace(agreement, is_unpaid=True, discounts=discounts)
            lines = complete_lines(
                tx,
                change.customer,
                change.credit,
                currency=agreement.currency,
                agreement=agreement,
                period=agreement.billed_period,
                at=at,
            )
    return conclude_change(
        tx,
        customer=change.customer,
        agreement=agreement,
        lines=lines,
        payment=None,
        rated=change.rated,
        source=source,
        actor=actor,
        at=at,
    )


def collected(engine: Engine, made: Agreement | PendingCharge) -> Agreement:
    """Return what `carry_out` has made, after the charge that it depends on, if there is one.

    Raises:
        CardDeclined: the charge was refused, and nothing has changed.
    """
    if isinstance(made, Agreement):
        return made
    try:
        return collect_change(engine, made)
    except REFUSED as refusal:
        refuse_call(engine, refusal)
        raise
