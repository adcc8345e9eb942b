"""Plan ahead: a change of plan or seats, or a cancellation, that happens later, and taking it back.

What is planned is kept on the live agreement, with a timer. The last wish counts: a change of plan takes the place of a
cancellation, and the other way round. Other numbers of seats or add-ons take the place of neither.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_sdk.errors import InvalidTiming, PaymentMethodRequired, PriceChanged
from billing_sdk.server.domain.agreements import Agreement, PendingChange, Timing
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.decide_change import Change, work_out_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.offer_plan import wanted_plan
from billing_sdk.server.usecases.redeem_coupon import name_of_plan, redeem_coupon, release_planned
from billing_sdk.server.usecases.save_agreement import save_agreement
from billing_sdk.server.usecases.tax_customer import require_location

# Who plans further ahead has mistyped a year.
FURTHEST = timedelta(days=5 * 366)


def instant_of(timing: Timing, agreement: Agreement, *, at: datetime) -> datetime:
    """Return when something happens to an agreement that is asked for with a timing.

    Raises:
        InvalidTiming: the instant has no zone, has passed, or lies more than five years ahead.
    """
    if timing == "now":
        return at
    if timing == "period_end":
        return max(at, agreement.billed_until)
    if timing.tzinfo is None:
        raise InvalidTiming("the instant has no time zone", parameter="timing")
    if timing <= at:
        raise InvalidTiming("the instant has passed", parameter="timing")
    if timing - at > FURTHEST:
        raise InvalidTiming("the instant lies more than five years ahead", parameter="timing")
    return timing


def plan_change(
    tx: UnitOfWork,
    customer: Customer,
    plan_key: str,
    *,
    options: ChangeOptions,
    source: EventSource,
    actor: str,
    at: datetime,
    terms: str | None = None,
) -> Agreement | None:
    """Plan a change of plan for later, after checking that it could be made as things are; the customer is locked.

    A coupon is redeemed at once, and given back where the change does not come about.

    Returns:
        The agreement with what is planned for it; None where it is to be made at once, as at the end of a period
        that is over because the agreement is paused.

    Raises:
        InvalidTiming: there is no agreement that could wait for it, or the instant can't be taken.
        PriceChanged: what is to be paid is not what was shown.
        PaymentMethodRequired: there is no card, and the plan costs something that the customer may not owe.
        NotFound, UnknownPlan, VersionNotFound, EmptyVersion, NotAnAddOn, PlanMismatch, SamePlan, CurrencyMismatch,
            InvalidQuantity, TrialUsed, UnknownCoupon, CouponEnded, CouponMismatch, Conflict: as `decide_change`.
        TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
    """
    if options.timing == "now":
        return None
    plan = wanted_plan(tx, customer, plan_key, number=options.version)
    before = tx.agreements.find_live(customer.id, plan.group.id)
    if before is None:
        raise InvalidTiming("the customer has no agreement that could go on until then", parameter="timing")
    hold_agreement(tx, before.id)
    when = instant_of(options.timing, before, at=at)
    if when <= at:
        return None
    change = work_out_change(tx, customer=customer, plan=plan, at=when, options=options)
    require_location(tx, customer, change.lines, billing_cadence_id=change.agreement.billing_cadence_id)
    if terms is not None and terms != change.terms:
        raise PriceChanged(f"the plan {plan_key!r} has another price now", plan=plan_key)
    if change.outcome == "credit" and not (options.may_owe and change.can_be_owed):
        raise PaymentMethodRequired(f"the plan {plan_key!r} costs something", plan=plan_key)
    if options.coupon_key is not None:
        _redeem(tx, before, change, options.coupon_key, at)
    pending = PendingChange(
        plan_key=plan.key,
        plan_version_id=plan.version.id,
        at=when,
        currency=options.currency,
        quantities=options.quantities,
        add_ons=options.add_ons,
        coupon_key=options.coupon_key,
        may_owe=options.may_owe,
        is_prorate=options.is_prorate,
        is_invoice_now=options.is_invoice_now,
        wants_trial=options.wants_trial,
        anchor=options.anchor,
        agreement_id=options.agreement_id,
        billing_cadence_id=options.billing_cadence_id,
        source=source,
        actor=actor,
    )
    planned = before.to_change(pending)
    return keep_plans(tx, customer, before, planned, action="agreement.plan_change", source=source, actor=actor, at=at)


def _redeem(tx: UnitOfWork, before: Agreement, change: Change, coupon_key: str, at: datetime) -> None:
    """Keep a coupon for a change, so that nobody else redeems it for the last time meanwhile."""
    release_planned(tx, before.id)
    redeem_coupon(
        tx,
        coupon_key,
        customer_id=before.customer_id,
        agreement_id=name_of_plan(before.id),
        plan_keys=(change.plan.key, *(add_on.plan_key for add_on in change.agreement.add_ons)),
        currency=change.agreement.currency,
        at=at,
    )


def options_of(pending: PendingChange) -> ChangeOptions:
    """Return what was asked for with a change that was planned."""
    return ChangeOptions(
        currency=pending.currency,
        quantities=pending.quantities,
        add_ons=pending.add_ons,
        coupon_key=pending.coupon_key,
        wants_trial=pending.wants_trial,
        is_prorate=pending.is_prorate,
        is_invoice_now=pending.is_invoice_now,
        anchor=pending.anchor,
        agreement_id=pending.agreement_id,
        billing_cadence_id=pending.billing_cadence_id,
        may_owe=pending.may_owe,
    )


def undo_plans(
    engine: Engine, *, agreement_id: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """Take back the change or the cancellation that is planned for an agreement.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        NothingPending: nothing is planned.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    denials = recording_denials(engine, actor=actor, action="agreement.undo", subject=agreement_id)
    with denials, engine.begin() as tx:
        customer, before = hold_agreement(tx, agreement_id)
        at = engine.now_for(tx, customer)
        after = before.without_plans()
        return keep_plans(tx, customer, before, after, action="agreement.undo", source=source, actor=actor, at=at)


def keep_plans(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement,
    after: Agreement,
    *,
    action: str,
    source: EventSource,
    actor: str,
    at: datetime,
) -> Agreement:
    """Save, audit and announce what is planned for an agreement now."""
    save_agreement(tx, customer, after)
    tx.audit.record(actor, action, after.id, at, before=before, after=after)
    announce_update(tx, before, after, customer=customer, source=source, at=at)
    return after
