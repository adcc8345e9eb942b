"""Pause an agreement, and resume it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    Lines,
    RatedInterval,
    fees_completed,
    lines_of,
    rate_usage,
    with_discounts,
    with_numbers_resumed,
    with_period_discounted,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.carry_out import carry_out, collected
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.put_on_pause import put_on_pause
from billing_sdk.server.usecases.rate_intervals import known_intervals
from billing_sdk.server.usecases.require_collectable import require_collectable_for_more


def pause_agreement(
    engine: Engine, *, agreement_id: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """Let an agreement grant nothing and cost nothing until it is resumed; what was paid is not given back.

    What is planned for it stays planned: a paused agreement can still end, or become another one.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        AgreementPaused: it is paused already.
        NotPausable: it is in its trial.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    denials = recording_denials(engine, actor=actor, action="agreement.pause", subject=agreement_id)
    with denials, engine.begin() as tx:
        customer, before = hold_agreement(tx, agreement_id)
        return put_on_pause(tx, customer, before, source=source, actor=actor, at=engine.now_for(tx, customer))


def resume_agreement(
    engine: Engine, *, agreement_id: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """Go on with a paused agreement.

    Within the period that was paid before the pause it costs nothing. Later, the rest of the present period is charged
    by the policy for proration, together with what was used before the pause in intervals that are complete by now.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        NotPaused: it isn't paused.
        PaymentMethodRequired: there is no card, and it costs something.
        CustomerNotCollectable: the processor could not collect what it costs; the fact `reason` says why.
        CardDeclined: the charge was refused; the agreement stays paused.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.resume", subject=agreement_id):
        with engine.read() as tx:
            standing = tx.agreements.get(agreement_id)
            is_charged = standing.billed_until <= engine.now_for(tx, tx.customers.get(standing.customer_id))
        settle_left_over(engine, customer_id=standing.customer_id)
        if is_charged:
            require_collectable_for_more(engine, standing, plan_key=standing.plan_key)
        with engine.begin() as tx:
            customer, before = hold_agreement(tx, agreement_id)
            at = engine.now_for(tx, customer)
            change = _decide(tx, customer, before, at)
            done = carry_out(engine, tx, change, may_owe=False, source=source, actor=actor, at=at)
        return collected(engine, done)


def _decide(tx: UnitOfWork, customer: Customer, before: Agreement, at: datetime) -> Change:
    resumed = before.resumed_at(at)
    in_force = load_in_force(tx, before)
    (plan,) = tx.catalog.list_plans([before.plan_key])
    lines: Lines = ()
    rated: tuple[RatedInterval, ...] = ()
    if before.billed_until <= at:
        since = before.billed_period.start
        known = known_intervals(tx, in_force)
        completed = in_force.intervals_completed(since, at)
        usage = rate_usage(completed, used_under(tx, before), in_force.policies, known.billed)
        rated = known.keep(usage, in_force)
        used = in_force.fees_started(since, at) + fees_completed(in_force, since, at) + lines_of(usage)
        going_on = replace(in_force, agreement=resumed)
        rest = going_on.fees_starting(at, is_first=True, charged_before=before.paused_at)
        lines = with_discounts(rest, before.discounts, in_force.plans)
        lines += with_discounts(used, before.discounts, in_force.plans)
        # A plan on credit is owed from the day when it is paid: nobody is billed for what lies before.
        resumed = with_period_discounted(replace(resumed, is_unpaid=before.is_unpaid and not is_on_credit(tx, before)))
        lines = complete_lines(
            tx, customer, lines, currency=before.currency, agreement=before, period=resumed.period_at(at), at=at
        )
    is_charged = before.billed_until <= at
    return Change(
        customer=customer,
        plan=replace(plan, version=in_force.version),
        before=before,
        agreement=with_numbers_resumed(in_force, resumed, at=at, is_charged=is_charged),
        lines=lines,
        method=payer_method(tx, customer.id, before.billing_cadence_id),
        rated=rated,
        is_sent=tx.billing_profiles.of(customer, before.billing_cadence_id).sends_invoices,
    )
