"""Cancel an agreement, now or later."""

from __future__ import annotations

import logging

from billing_sdk.server.domain.agreements import Agreement, PendingCancellation, Timing
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.usecases.ask_hooks import check_cancellation
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import collect_issued, settle_group, settle_left_over
from billing_sdk.server.usecases.end_with_invoice import end_with_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.make_way import make_way, of_other_groups
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.plan_ahead import instant_of, keep_plans
from billing_sdk.server.usecases.save_agreement import save_agreement
from billing_sdk.server.usecases.work_out_end import check_terms_of_end

logger = logging.getLogger(__name__)


def cancel_agreement(
    engine: Engine,
    *,
    agreement_id: str,
    timing: Timing = "now",
    is_invoice_now: bool | None = None,
    is_prorate: bool | None = None,
    source: EventSource = "user",
    actor: str | None = None,
    terms: str | None = None,
) -> Agreement:
    """End an agreement, now or later.

    Service intervals that are complete are charged in any case. What is owed at the end is an invoice of its own,
    which a declined card leaves open: it keeps nobody from leaving. What is given back goes to the credit balance.
    Where something comes to more than can be charged, there is no such invoice, and nothing is given back.

    A change whose payment is still waited for is given up first. What its processor says is paid meanwhile has
    happened: then it is the agreement that this one has made way for which goes on.

    Args:
        engine: the engine.
        agreement_id: which one.
        timing: now, at the end of the period that was paid last, or at an instant; a pause has no such period, so
            its end is now.
        is_invoice_now: charge usage of intervals that are not complete; None leaves it to the policy of that time.
        is_prorate: give back what was paid for days that are not used; None leaves it to the policy of that time.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.
        terms: what somebody was shown that it comes to (`Preview.end_terms`), where somebody was shown something.

    Returns:
        The agreement as it is now: ended, or with the instant at which it will end.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended before.
        CancellationDenied: the seller's own rules keep it.
        InvalidTiming: the instant can't be taken.
        PriceChanged: it comes to something else than the terms say.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.cancel", subject=agreement_id):
        with engine.read() as tx:
            agreement = tx.agreements.get(agreement_id)
            customer = tx.customers.get(agreement.customer_id)
            at = engine.now_for(tx, customer)
        settle_left_over(engine, customer_id=customer.id)
        if agreement.is_live:
            check_cancellation(
                engine,
                customer=customer,
                agreement=agreement,
                ends_at=instant_of(timing, agreement, at=at),
                source=source,
                actor=actor,
            )
        make_way(engine, customer_id=customer.id, keeps=of_other_groups(agreement.group_id))
        with engine.begin() as tx:
            customer, agreement = hold_agreement(tx, agreement_id, may_be_collected=True)
            at = engine.now_for(tx, customer)
            ends_at = instant_of(timing, agreement, at=at)
            if terms is not None:
                check_terms_of_end(
                    tx,
                    customer,
                    agreement,
                    terms,
                    timing=timing,
                    at=at,
                    is_invoice_now=is_invoice_now,
                    is_prorate=is_prorate,
                )
            if ends_at > at:
                wish = PendingCancellation(is_prorate, is_invoice_now, source, actor)
                planned = agreement.to_end(ends_at, wish)
                return keep_plans(
                    tx,
                    customer,
                    agreement,
                    planned,
                    action="agreement.plan_cancellation",
                    source=source,
                    actor=actor,
                    at=at,
                )
            ended, charge = end_with_invoice(
                engine,
                tx,
                customer,
                agreement,
                at=at,
                is_invoice_now=is_invoice_now,
                is_prorate=is_prorate,
                source=source,
                actor=actor,
            )
        if charge is not None:
            collect_issued(engine, charge)
        return ended


def cancel_at_last(engine: Engine, timer: Timer) -> None:
    """End an agreement whose cancellation was planned; run by its timer.

    Raises:
        Obsolete: it has ended, or this is not planned any more.
        Conflict: the outcome of another charge for the same plan group can't be learnt at present.
    """
    with engine.read() as tx:
        agreement = tx.agreements.find(timer.subject_id)
    if agreement is None or not agreement.is_live:
        raise Obsolete("there is no such live agreement")
    settle_group(engine, agreement.customer_id, agreement.group_id)
    with engine.begin() as tx:
        customer, agreement = hold_agreement(tx, agreement.id, may_be_reserved=True)
        tx.timers.done(timer)
        if agreement.cancel_at is None or agreement.cancel_at > timer.due_at:
            save_agreement(tx, customer, agreement)  # with the timers that it should have
            return
        wish = agreement.cancellation or PendingCancellation()
        _, charge = end_with_invoice(
            engine,
            tx,
            customer,
            agreement,
            at=agreement.cancel_at,
            is_invoice_now=wish.is_invoice_now,
            is_prorate=wish.is_prorate,
            source=wish.source,
            actor=wish.actor,
        )
    if charge is not None:
        collect_issued(engine, charge)
