"""Put an agreement on pause, in the transaction of whatever pauses it: a wish, or payments that stay away."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import with_numbers_paused
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_agreement
from billing_sdk.server.usecases.load_in_force import load_in_force
from billing_sdk.server.usecases.recurring_credit import grant_recurring
from billing_sdk.server.usecases.save_agreement import save_agreement


def put_on_pause(
    tx: UnitOfWork, customer: Customer, before: Agreement, *, source: EventSource, actor: str, at: datetime
) -> Agreement:
    """Let an agreement of a customer that the caller has locked grant nothing and cost nothing until it is resumed.

    Raises:
        AgreementNotLive: it has ended.
        AgreementPaused: it is paused already.
        NotPausable: it is in its trial.
    """
    paused = with_numbers_paused(load_in_force(tx, before), before.paused_from(at), at=at)
    save_agreement(tx, customer, paused)
    grant_recurring(tx, customer, paused, at=at)
    tx.audit.record(actor, "agreement.pause", paused.id, at, before=before, after=paused)
    announce_agreement(tx, "customer.agreement_paused", customer=customer, agreement=paused, source=source, at=at)
    return paused
