"""Add-ons of an agreement that is under way: add one, change how many there are, or remove it, now or later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import AddOnAttached, AddOnMissing, AgreementPaused
from billing_sdk.server.domain.agreements import AgreedAddOn, Agreement, PendingChange, Timing
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    BoughtAddOn,
    InForce,
    Lines,
    lines_for_add_on,
    lines_for_removal,
    with_add_on,
    with_balance,
    with_surplus_kept,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.conclude_change import conclude_change
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.load_in_force import load_in_force, used_under
from billing_sdk.server.usecases.offer_plan import check_number_of_add_ons, offer_add_on
from billing_sdk.server.usecases.plan_ahead import instant_of, keep_plans


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
        if find_add_on(tx.agreements.get(agreement_id), plan_key) is not None:
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
        _require(tx.agreements.get(agreement_id), plan_key)
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

    More of it are charged at once for the rest of the period, unless `is_prorate` is False: then from the next period
    on. For fewer, what was paid is given back to the credit balance where the policy `unused_days`, or `is_prorate`,
    says so. Service intervals of an add-on that goes are charged if they are complete; usage of the present one where
    the policy `unpaid_usage` says so. In a trial nothing is charged. What is planned for later keeps what was planned
    for other add-ons and seats at the same instant, and takes the place of any other plan.

    Args:
        engine: the engine.
        agreement_id: which agreement.
        plan_key: the key of the add-on, a published plan of this kind.
        quantity: how many from then on.
        timing: now, at the end of the period that was paid last, or at an instant.
        is_prorate: charge and give back for the rest of the period; None leaves the giving back to the policy.
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
        CardDeclined: the charge was refused; the agreement stays what it was.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.update", subject=agreement_id):
        with engine.read() as tx:
            customer_id = tx.agreements.get(agreement_id).customer_id
        settle_left_over(engine, customer_id=customer_id)
        with engine.begin() as tx:
            customer, before = hold_agreement(tx, agreement_id)
            at = engine.now_for(tx, customer)
            change = decide_add_ons(tx, customer, before, {plan_key: quantity}, at=at, is_prorate=is_prorate)
            when = instant_of(timing, before, at=at)
            if when > at:
                pending = _planned(before, plan_key, quantity, when, is_prorate, source, actor)
                planned = replace(before, pending_change=pending, cancel_at=None)
                action = "agreement.plan_change"
                return keep_plans(tx, customer, before, planned, action=action, source=source, actor=actor, at=at)
            if change.agreement == before:
                return before
            if not change.amount:
                return conclude_change(
                    tx,
                    customer=customer,
                    agreement=change.agreement,
                    lines=change.lines,
                    payment=None,
                    source=source,
                    actor=actor,
                    at=at,
                )
            done = carry_out(engine, tx, change, may_owe=False, source=source, actor=actor, at=at)
        return collected(engine, done)


def decide_add_ons(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement,
    add_ons: Mapping[str, int],
    *,
    at: datetime,
    is_prorate: bool | None = None,
) -> Change:
    """Decide what other numbers of add-ons mean, for a customer that the caller has locked.

    Raises:
        AgreementPaused: the agreement is paused.
        UnknownPlan, NotAnAddOn, AddOnMismatch, AddOnMissing, InvalidQuantity: as `set_add_on`.
    """
    if before.status == "paused":
        raise AgreementPaused("add-ons can't change while the agreement is paused")
    in_force = load_in_force(tx, before)
    (plan,) = tx.catalog.list_plans([before.plan_key])
    plan = replace(plan, version=in_force.version)
    after, lines = before, ()
    for plan_key, quantity in add_ons.items():
        one = _agreed(tx, plan, before, plan_key, quantity, at)
        after = replace(after, add_ons=with_add_on(after.add_ons, one))
        lines += _lines(tx, in_force, one, at, is_prorate)
    balance = tx.credits.balance(customer.id, before.currency)
    period = before.period_at(at)
    return Change(
        customer=customer,
        plan=plan,
        before=before,
        agreement=after,
        lines=with_balance(with_surplus_kept(lines, before, period), balance, before, period),
        method=tx.customers.find_payment_method(customer.id),
    )


def find_add_on(agreement: Agreement, plan_key: str) -> AgreedAddOn | None:
    """Return an add-on of an agreement, if it has it."""
    return next((add_on for add_on in agreement.add_ons if add_on.plan_key == plan_key), None)


def _require(agreement: Agreement, plan_key: str) -> AgreedAddOn:
    found = find_add_on(agreement, plan_key)
    if found is None:
        raise AddOnMissing(f"the agreement has no add-on {plan_key[:64]!r}", plan=plan_key[:64])
    return found


def _agreed(tx: UnitOfWork, plan: Plan, before: Agreement, plan_key: str, quantity: int, at: datetime) -> AgreedAddOn:
    """Return an add-on as it is agreed then: with the version that it was taken in, or the live one for a new one."""
    if quantity == 0:
        return replace(_require(before, plan_key), quantity=0)
    standing = find_add_on(before, plan_key)
    if standing is None:
        return replace(offer_add_on(tx, plan, plan_key, quantity), added_at=at)
    check_number_of_add_ons(plan_key, quantity)
    return replace(standing, quantity=quantity)


def _lines(tx: UnitOfWork, in_force: InForce, one: AgreedAddOn, at: datetime, is_prorate: bool | None) -> Lines:
    before = in_force.agreement
    # In a trial, and on credit, nothing has been paid yet: the period is billed as a whole when it is.
    if before.status != "active" or before.is_unpaid:
        return ()
    standing = find_add_on(before, one.plan_key)
    version = tx.catalog.get_version(one.plan_version_id).in_currency(before.currency)
    bought = BoughtAddOn(version, standing.quantity if standing else 0, one.added_at)
    difference = lines_for_add_on(in_force, bought, becomes=one.quantity, at=at)
    policies = in_force.policies
    is_less = sum(line.amount.minor for line in difference) < 0
    gives_back = policies.unused_days == "refund" if is_prorate is None else is_prorate
    lines = () if (is_less and not gives_back) or is_prorate is False else difference
    if one.quantity == 0:
        charges_usage = policies.unpaid_usage == "charge"
        lines += lines_for_removal(in_force, bought, used_under(tx, before), at=at, is_usage_charged=charges_usage)
    return lines


def _planned(
    before: Agreement,
    plan_key: str,
    quantity: int,
    when: datetime,
    is_prorate: bool | None,
    source: EventSource,
    actor: str,
) -> PendingChange:
    standing = before.pending_change
    kept = standing if standing is not None and standing.is_alteration and standing.at == when else None
    return PendingChange(
        plan_key=before.plan_key,
        plan_version_id=before.plan_version_id,
        at=when,
        quantities=kept.quantities if kept else {},
        add_ons={**(kept.add_ons if kept else {}), plan_key: quantity},
        is_prorate=is_prorate,
        is_alteration=True,
        source=source,
        actor=actor,
    )
