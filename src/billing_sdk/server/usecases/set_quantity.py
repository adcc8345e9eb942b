"""Set a quantity: another number of licences, such as seats."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement, Timing
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.alter_agreement import decide_alteration, planned_alteration
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.plan_ahead import instant_of, keep_plans
from billing_sdk.server.usecases.require_collectable import require_collectable_for_more


def set_quantity(
    engine: Engine,
    *,
    agreement_id: str,
    fee_key: str,
    quantity: int,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Agreement:
    """Agree on another number of licences of a fee, now or later.

    More of them are charged at once for the rest of the period. For fewer, what was paid is given back to the credit
    balance where the policy `unused_days`, or `is_prorate`, says so. In a trial nothing is charged.

    Args:
        engine: the engine.
        agreement_id: which agreement.
        fee_key: the key of a licensed fee of its plan.
        quantity: how many from then on.
        timing: now, at the end of the period that was paid last, or at an instant.
        is_prorate: give back what was paid for licences that are given up; None leaves it to the policy.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        AgreementPaused: it is paused.
        InvalidQuantity: it is not above zero, out of the plan's bounds, or the plan has no such licensed fee.
        InvalidTiming: the instant can't be taken.
        PaymentMethodRequired: there is no card, and more are to be paid.
        CustomerNotCollectable: the processor could not collect for more; the fact `reason` says why.
        CardDeclined: the charge was refused; the number stays what it was.
        EndPlanned: it is asked for later, and the agreement is planned to end or to give way to another plan.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.update", subject=agreement_id):
        with engine.read() as tx:
            standing = tx.agreements.get(agreement_id)
        settle_left_over(engine, customer_id=standing.customer_id)
        if quantity > standing.quantity_of(fee_key):
            require_collectable_for_more(engine, standing, plan_key=standing.plan_key)
        with engine.begin() as tx:
            customer, before = hold_agreement(tx, agreement_id)
            at = engine.now_for(tx, customer)
            change = decide_alteration(
                tx, customer, before, quantities={fee_key: quantity}, at=at, is_prorate=is_prorate
            )
            when = instant_of(timing, before, at=at)
            if when > at:
                pending = planned_alteration(
                    before,
                    quantities={fee_key: quantity},
                    at=when,
                    is_prorate=is_prorate,
                    source=source,
                    actor=actor,
                )
                planned = before.to_change(pending)
                return keep_plans(
                    tx,
                    customer,
                    before,
                    planned,
                    action="agreement.plan_change",
                    source=source,
                    actor=actor,
                    at=at,
                )
            if change.agreement == before:
                return before
            done = carry_out(engine, tx, change, may_owe=False, source=source, actor=actor, at=at)
        return collected(engine, done)
