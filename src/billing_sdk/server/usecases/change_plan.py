"""Change a plan: what subscribing and assigning have in common."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from billing_sdk.errors import CardDeclined, PaymentMethodRequired, PriceChanged
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import collect_charge, open_charge, settle_left_over
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.decide_change import decide_change
from billing_sdk.server.usecases.engine import Engine


def change_plan(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    source: EventSource,
    actor: str | None = None,
    is_prorate: bool = False,
    is_invoice_now: bool = False,
    may_owe: bool,
    terms: str | None = None,
) -> Agreement:
    """Put a customer on a plan: load, decide, charge where that is due, save and announce.

    Args:
        engine: the engine.
        customer_id: whose plan it is.
        plan_key: a published plan of the customer's kind; it replaces the live agreement of its group.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.
        is_prorate: credit the part of the period that was paid for and is not used, up to the new price.
        is_invoice_now: charge the usage of the present period that the old agreement has not been billed for.
        may_owe: whether a customer without a card gets the plan all the same, and is asked for one later.
        terms: what the customer was shown and agreed to (`terms_of`), where somebody was shown something.

    Raises:
        PaymentMethodRequired: there is no card, and the plan costs something that the customer may not owe, or
            what was used is to be charged, which would be forgotten with the agreement that ends.
        PriceChanged: what is to be paid is not what was shown.
        CardDeclined: the charge was refused; the customer stays on the old plan.
        NotFound, UnknownPlan, PlanMismatch, SamePlan, Conflict: as `decide_change`.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.create", subject=customer_id):
        settle_left_over(engine, customer_id=customer_id)
        made = _made_before(engine)
        if made is not None:
            return made
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            at = engine.now_for(tx, customer)
            change = decide_change(
                tx,
                customer=customer,
                plan_key=plan_key,
                at=at,
                is_prorate=is_prorate,
                is_invoice_now=is_invoice_now,
            )
            if terms is not None and terms != change.terms:
                raise PriceChanged(f"the plan {plan_key!r} has another price now", plan=plan_key)
            conclude = partial(
                conclude_change,
                tx,
                customer=change.customer,
                payment=None,
                source=source,
                actor=actor,
                at=at,
            )
            match change.outcome:
                case "free":
                    return conclude(agreement=change.agreement, lines=change.lines)
                case "credit" if may_owe and not change.owes_usage:
                    return conclude(agreement=replace(change.agreement, is_unpaid=True), lines=())
                case "credit":
                    raise PaymentMethodRequired(f"the change to {plan_key!r} costs something", plan=plan_key)
                case "charge":
                    charge = open_charge(tx, engine, change, source=source, actor=actor)
        try:
            return collect_charge(engine, charge, is_own=True)
        except CardDeclined as declined:
            engine.refuse(declined)  # the failed payment is on record: a repetition must not try the card again
            raise


def _made_before(engine: Engine) -> Agreement | None:
    """Return what an earlier attempt at the same call has paid for, whose process died before it could answer."""
    if engine.call is None or engine.call.effect_id is None:
        return None
    with engine.read() as tx:
        return tx.agreements.find(engine.call.effect_id)
