"""Remind of a trial: say in time that it ends, so that somebody can ask for a card."""

from __future__ import annotations

from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.usecases.agreement_news import announce_agreement
from billing_sdk.server.usecases.engine import Engine


def remind_of_trial(engine: Engine, timer: Timer) -> None:
    """Announce that a trial ends soon; run by its timer. A trial that is over by then is nobody's news."""
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.find(timer.subject_id)
        if agreement is not None and agreement.status == "trialing":
            announce_agreement(
                tx,
                "customer.trial_ending",
                customer=customer,
                agreement=agreement,
                source="admin",
                at=timer.due_at,
            )
