"""End an agreement, in the transaction of whatever ends it: a wish, or the deletion of its customer."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_agreement
from billing_sdk.server.usecases.expire_credit import end_with_agreement
from billing_sdk.server.usecases.save_agreement import save_agreement


def end_agreement(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    *,
    source: EventSource,
    actor: str,
    at: datetime,
    ends_at: datetime | None = None,
) -> Agreement:
    """End an agreement of a customer that the caller has locked.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        agreement: which one.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.
        at: the present.
        ends_at: when it ends, where that has passed; the present by default.

    Raises:
        AgreementNotLive: it has ended before.
    """
    ended = agreement.ended_by("cancel", ends_at or at)
    save_agreement(tx, customer, ended)
    end_with_agreement(tx, customer, ended, at=at)
    tx.audit.record(actor, "agreement.cancel", agreement.id, at, before=agreement, after=ended)
    announce_agreement(tx, "customer.agreement_cancelled", customer=customer, agreement=ended, source=source, at=at)
    return ended


def end_all_agreements(tx: UnitOfWork, customer: Customer, *, source: EventSource, at: datetime) -> None:
    """End whatever a customer has agreed to, and its cadences, because its owner is being deleted.

    The caller has locked it.

    Raises:
        Conflict: the outcome of a charge is not known yet, and what it pays for would belong to nobody.
    """
    if tx.charges.has_open(customer.id):
        raise Conflict("a change of this customer's plan is under way", remedy="Try again in a minute.")
    for agreement in tx.agreements.live_of(customer.id):
        end_agreement(tx, customer, agreement, source=source, actor=source, at=at)
    for cadence in tx.billing_cadences.active_of(customer.id):
        canceled = cadence.canceled(at)
        tx.billing_cadences.save(canceled)
        tx.audit.record(source, "billing_cadence.cancel", cadence.id, at, before=cadence, after=canceled)
