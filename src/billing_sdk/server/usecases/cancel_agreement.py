"""Cancel an agreement."""

from __future__ import annotations

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine


def cancel_agreement(
    engine: Engine, *, agreement_id: str, source: EventSource = "user", actor: str | None = None
) -> Agreement:
    """End an agreement at once; nothing is paid back, and usage that was not billed is forgiven.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended before.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="agreement.cancel", subject=agreement_id):
        with engine.read() as tx:
            customer_id = tx.agreements.get(agreement_id).customer_id
        settle_left_over(engine, customer_id=customer_id)
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            agreement = tx.agreements.get(agreement_id)
            if tx.charges.find(customer.id, agreement.group_id):
                raise Conflict("a change of this customer's plan is under way")
            at = engine.now_for(tx, customer)
            return end_agreement(tx, customer, agreement, source=source, actor=actor, at=at)
