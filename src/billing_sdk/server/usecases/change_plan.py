"""Change a plan: what subscribing, assigning and whatever was planned for later have in common."""

from __future__ import annotations

from billing_sdk.errors import PriceChanged
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.ask_hooks import check_selection
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.decide_change import decide_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_way import for_plan, make_way
from billing_sdk.server.usecases.plan_ahead import plan_change
from billing_sdk.server.usecases.require_collectable import require_collectable


def change_plan(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    options: ChangeOptions = AS_DECIDED,
    source: EventSource = "user",
    actor: str | None = None,
    terms: str | None = None,
) -> Agreement:
    """Put a customer on a plan, now or later: load, decide, charge where that is due, save and announce.

    A change to another plan of the group, or by another card, whose payment is still waited for is given up first.

    Args:
        engine: the engine.
        customer_id: whose plan it is.
        plan_key: a published plan of the customer's kind; it replaces the live agreement of its group.
        options: what else is asked for.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.
        terms: what the customer was shown and agreed to (`terms_of`), where somebody was shown something.

    Returns:
        The new agreement; where the change is planned for later, the present one with what is planned.

    Raises:
        PaymentMethodRequired: there is no card, and the plan costs something that the customer may not owe, begins
            with a trial that requires one, or what was used is to be charged, which would be forgotten with the
            agreement that ends.
        CustomerNotCollectable: the processor could not collect from the customer; the fact `reason` says why.
        PriceChanged: what is to be paid is not what was shown.
        CardDeclined: the charge was refused; the customer stays on the old plan.
        SelectionDenied: the seller's own rules keep the customer from this plan.
        InvalidTiming: the instant has passed or is too far away, or there is no agreement that could wait for it.
        NotFound, UnknownPlan, VersionNotFound, EmptyVersion, NotAnAddOn, PlanMismatch, SamePlan, CurrencyMismatch,
            InvalidQuantity, TrialUsed, UnknownCoupon, CouponEnded, CouponMismatch, AddOnMismatch, Conflict: as
            `decide_change`.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.create", subject=customer_id):
        settle_left_over(engine, customer_id=customer_id)
        made = _made_before(engine)
        if made is not None:
            return made
        with engine.read() as tx:
            check_selection(engine, tx, customer_id=customer_id, plan_key=plan_key, source=source, actor=actor)
        wanted = (plan_key, *options.add_ons)
        require_collectable(
            engine,
            customer_id=customer_id,
            plan_keys=wanted,
            may_owe=options.may_owe,
            billing_cadence_id=options.billing_cadence_id,
        )
        with engine.read() as tx:
            keeps = for_plan(tx, customer_id, plan_key)
        make_way(engine, customer_id=customer_id, keeps=keeps)
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            at = engine.now_for(tx, customer)
            planned = plan_change(
                tx, customer, plan_key, options=options, source=source, actor=actor, at=at, terms=terms
            )
            if planned is not None:
                return planned
            change = decide_change(tx, customer=customer, plan_key=plan_key, at=at, options=options)
            if terms is not None and terms != change.terms:
                raise PriceChanged(f"the plan {plan_key!r} has another price now", plan=plan_key)
            done = carry_out(engine, tx, change, may_owe=options.may_owe, source=source, actor=actor, at=at)
        return collected(engine, done)


def _made_before(engine: Engine) -> Agreement | None:
    """Return what an earlier attempt at the same call has paid for, whose process died before it could answer."""
    if engine.call is None or engine.call.effect_id is None:
        return None
    with engine.read() as tx:
        return tx.agreements.find(engine.call.effect_id)
