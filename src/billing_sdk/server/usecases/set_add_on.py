"""Add-ons of an agreement that is under way: add one, change how many there are, or remove it, now or later."""

from __future__ import annotations

from billing_sdk.errors import AddOnAttached
from billing_sdk.server.domain.agreements import Agreement, Timing
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.alter_agreement import (
    decide_alteration,
    find_add_on,
    planned_alteration,
    require_add_on,
)
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.offer_plan import check_number_of_add_ons
from billing_sdk.server.usecases.plan_ahead import instant_of, keep_plans
from billing_sdk.server.usecases.require_collectable import require_collectable_for_more


def add_add_on(
    engine: Engine,
    *,
    agreement_id: str,
    plan_key: str,
    quantity: int = 1,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Add an add-on that the agreement does not have; the rest is as with `set_add_on`.

    Raises:
        AddOnAttached: it has it already.
    """
    with engine.read() as tx:
        standing = find_add_on(tx.agreements.get(agreement_id), plan_key)
        # A call whose process died after the charge finds the add-on that it has added itself.
        is_own = engine.call is not None and engine.call.effect_id == agreement_id
        if standing is not None and not is_own:
            raise AddOnAttached(f"the agreement has the add-on {plan_key[:64]!r} already", plan=plan_key[:64])
    return set_add_on(
        engine,
        agreement_id=agreement_id,
        plan_key=plan_key,
        quantity=quantity,
        timing=timing,
        is_prorate=is_prorate,
        source=source,
        actor=actor,
    )


def change_add_on_quantity(
    engine: Engine,
    *,
    agreement_id: str,
    plan_key: str,
    quantity: int,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Agree on another number of an add-on that the agreement has; the rest is as with `set_add_on`.

    Raises:
        AddOnMissing: it has no such add-on.
    """
    with engine.read() as tx:
        require_add_on(tx.agreements.get(agreement_id), plan_key)
    check_number_of_add_ons(plan_key, quantity)
    return set_add_on(
        engine,
        agreement_id=agreement_id,
        plan_key=plan_key,
        quantity=quantity,
        timing=timing,
        is_prorate=is_prorate,
        source=source,
        actor=actor,
    )


def remove_add_on(
    engine: Engine,
    *,
    agreement_id: str,
    plan_key: str,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Take an add-on off an agreement; the rest is as with `set_add_on`.

    Raises:
        AddOnMissing: it has no such add-on.
    """
    return set_add_on(
        engine,
        agreement_id=agreement_id,
        plan_key=plan_key,
        quantity=0,
        timing=timing,
        is_prorate=is_prorate,
        source=source,
        actor=actor,
    )


def set_add_on(
    engine: Engine,
    *,
    agreement_id: str,
    plan_key: str,
    quantity: int,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Agree on a number of an add-on, none to remove it, now or later.

    More of it are charged at once for the rest of the period. For fewer, what was paid is given back to the credit
    balance where the policy `unused_days`, or `is_prorate`, says so. Service intervals of an add-on that goes are
    charged if they are complete; usage of the present one where the policy `unpaid_usage` says so. In a trial nothing
    is charged. What is planned for later goes together with what was planned for other add-ons and seats at the same
    instant, and takes the place of what was planned for another one.

    Args:
        engine: the engine.
        agreement_id: which agreement.
        plan_key: the key of the add-on, a published plan of this kind.
        quantity: how many from then on.
        timing: now, at the end of the period that was paid last, or at an instant.
        is_prorate: give back what was paid for what is given up; None leaves it to the policy.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        AgreementPaused: it is paused.
        UnknownPlan: no published plan has this key.
        NotAnAddOn: it is a plan of its own.
        AddOnMismatch: it is for the other kind of customer, or billed in another currency or at another pace.
        AddOnMissing: it is to be removed, and is not there.
        InvalidQuantity: the number is below zero, or above a million.
        InvalidTiming: the instant can't be taken.
        PaymentMethodRequired: there is no card, and more are to be paid.
        CustomerNotCollectable: the processor could not collect for more; the fact `reason` says why.
        CardDeclined: the charge was refused; the agreement stays what it was.
        EndPlanned: it is asked for later, and the agreement is planned to end or to give way to another plan.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.update", subject=agreement_id):
        with engine.read() as tx:
            standing = tx.agreements.get(agreement_id)
        settle_left_over(engine, customer_id=standing.customer_id)
        present = find_add_on(standing, plan_key)
        if quantity > (present.quantity if present else 0):
            require_collectable_for_more(engine, standing, plan_key=plan_key)
        with engine.begin() as tx:
            customer, before = hold_agreement(tx, agreement_id)
            at = engine.now_for(tx, customer)
            change = decide_alteration(tx, customer, before, add_ons={plan_key: quantity}, at=at, is_prorate=is_prorate)
            when = instant_of(timing, before, at=at)
            if when > at:
                pending = planned_alteration(
                    before,
                    add_ons={plan_key: quantity},
                    at=when,
                    is_prorate=is_prorate,
                    source=source,
                    actor=actor,
                )
                planned = before.to_change(pending)
                action = "agreement.plan_change"
                return keep_plans(tx, customer, before, planned, action=action, source=source, actor=actor, at=at)
            if change.agreement == before:
                return before
            done = carry_out(engine, tx, change, may_owe=False, source=source, actor=actor, at=at)
        return collected(engine, done)
