"""Make a change that was planned, when its time has come: the same code as for one that is made at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from billing_sdk.errors import BillingError, Conflict, PaymentPending
from billing_sdk.server.domain.agreements import Agreement, PendingChange
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.alter_agreement import decide_alteration
from billing_sdk.server.usecases.ask_gateway import ON_RECORD
from billing_sdk.server.usecases.carry_out import carry_out
from billing_sdk.server.usecases.collect_charge import collect_charge, settle_group
from billing_sdk.server.usecases.decide_change import Change, decide_change
from billing_sdk.server.usecases.drop_planned_change import drop_planned_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.plan_ahead import options_of
from billing_sdk.server.usecases.redeem_coupon import release_redemptions
from billing_sdk.server.usecases.require_collectable import is_collectable
from billing_sdk.server.usecases.save_agreement import save_agreement


def make_planned_change(engine: Engine, timer: Timer) -> None:
    """Make the change that is planned for an agreement; run by its timer.

    Where it can't be made any more - the card is declined, there is none, the coupon has ended - the agreement goes on
    as it is, the plan is dropped, and `customer.agreement_updated` says so. What was agreed to is kept to: a version
    that is no longer for sale, or a hook that would deny the choice by now, is no obstacle.

    Raises:
        Obsolete: the agreement has ended, or this is not planned any more.
        Conflict: the outcome of another charge for the same plan group can't be learnt at present.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor can't be asked what it can collect
            by; the change is made once it can.
    """
    with engine.read() as tx:
        agreement = tx.agreements.find(timer.subject_id)
    if agreement is None or not agreement.is_live:
        raise Obsolete("there is no such live agreement")
    settle_group(engine, agreement.customer_id, agreement.group_id)
    if agreement.pending_change is not None:
        _ask_for_method(engine, agreement, agreement.pending_change)
    with engine.begin() as tx:
        customer = tx.customers.lock(agreement.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.get(agreement.id)
        pending = agreement.pending_change
        if not agreement.is_live or pending is None or pending.at > timer.due_at:
            save_agreement(tx, customer, agreement)  # with the timers that it should have
            return
        made = _make(engine, tx, customer, agreement, pending)
    if isinstance(made, PendingCharge):
        with suppress(*ON_RECORD):  # where it was declined, the plan is dropped
            collect_charge(engine, made)


def _ask_for_method(engine: Engine, agreement: Agreement, pending: PendingChange) -> None:
    """Learn what the processor can collect by; whether that will do, the decision tells."""
    with engine.read() as tx:
        add_ons = [plan.version.id for key in pending.add_ons if (plan := tx.catalog.find_plan(key)) is not None]
    is_collectable(engine, customer_id=agreement.customer_id, version_ids={pending.plan_version_id, *add_ons})


def _make(
    engine: Engine, tx: UnitOfWork, customer: Customer, agreement: Agreement, pending: PendingChange
) -> Agreement | PendingCharge:
    change = None
    try:
        change = _decide(tx, customer, agreement, pending)
        return carry_out(
            engine,
            tx,
            change,
            may_owe=pending.may_owe,
            source=pending.source,
            actor=pending.actor,
            at=pending.at,
        )
    except BillingError as refusal:
        if type(refusal) is Conflict or isinstance(refusal, PaymentPending):
            raise  # somebody else is at it: the timer is tried again
        if change is not None and not pending.is_alteration:
            release_redemptions(tx, change.agreement.id)
        tx.audit.record(pending.actor, "agreement.create.denied", customer.id, pending.at, after={"code": refusal.code})
        return drop_planned_change(tx, customer, agreement)


def _decide(tx: UnitOfWork, customer: Customer, agreement: Agreement, pending: PendingChange) -> Change:
    if pending.is_alteration:
        present = replace(agreement, pending_change=None)
        return decide_alteration(
            tx,
            customer,
            present,
            quantities=pending.quantities,
            add_ons=pending.add_ons,
            at=pending.at,
            is_prorate=pending.is_prorate,
        )
    return decide_change(
        tx,
        customer=customer,
        plan_key=pending.plan_key,
        at=pending.at,
        options=options_of(pending),
        agreed_version_id=pending.plan_version_id,
    )
