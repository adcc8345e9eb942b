"""End an agreement together with its last invoice, in the transaction of whatever ends it."""

from __future__ import annotations

import logging
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.bill_customer import bill_customer
from billing_sdk.server.usecases.end_agreement import end_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.work_out_end import work_out_end

logger = logging.getLogger(__name__)


def end_with_invoice(
    engine: Engine,
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    *,
    at: datetime,
    is_invoice_now: bool | None = None,
    is_prorate: bool | None = None,
    source: EventSource,
    actor: str,
) -> tuple[Agreement, PendingCharge | None]:
    """End an agreement of a customer that the caller has locked.

    Args:
        engine: the engine.
        tx: the transaction.
        customer: whose agreement it is.
        agreement: which one.
        at: when it ends.
        is_invoice_now: charge usage of intervals that are not complete; None leaves it to the policy.
        is_prorate: give back what was paid for days that are not used; None leaves it to the policy.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Returns:
        The agreement that has ended, and the charge for its last invoice, to be collected after the transaction.

    Raises:
        AgreementNotLive: it has ended before.
        Conflict: a charge for the plan group is under way.
    """
    ending = work_out_end(tx, customer, agreement, at=at, is_invoice_now=is_invoice_now, is_prorate=is_prorate)
    if ending.forgiven is not None:
        logger.warning("what is owed for %s at its end is forgiven: %s", agreement.id, ending.forgiven)
        tx.audit.record(actor, "agreement.forgive", agreement.id, at, after={"reason": ending.forgiven})
    ended = end_agreement(tx, customer, agreement, source=source, actor=actor, at=at)
    billed = bill_customer(
        tx,
        engine,
        customer=customer,
        agreement=ended,
        bill=ending.bill,
        rated=ending.rated,
        reason="end",
        source=source,
        actor=actor,
        at=at,
    )
    return ended, billed.charge
