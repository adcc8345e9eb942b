"""Drop a planned change that could not be made: the agreement goes on as it is, and says so."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_update
from billing_sdk.server.usecases.save_agreement import save_agreement


def drop_planned_change(tx: UnitOfWork, customer: Customer, agreement: Agreement) -> Agreement:
    """Forget what was planned for an agreement, announce that, and return the agreement."""
    pending = agreement.pending_change
    if pending is None:
        return agreement
    after = replace(agreement, pending_change=None)
    save_agreement(tx, customer, after)
    tx.audit.record(pending.actor, "agreement.drop_change", after.id, pending.at, before=agreement, after=after)
    announce_update(tx, agreement, after, customer=customer, source=pending.source, at=pending.at)
    return after


def drop_if_planned(tx: UnitOfWork, customer: Customer, charge: PendingCharge) -> None:
    """Forget the planned change that a charge was for, which has been declined; any other plan stays.

    A change that is being made has no timer any more, and one that waits for its time has one.
    """
    live = tx.agreements.find_live(customer.id, charge.changed.group_id)
    if live is not None and live.pending_change is not None and tx.timers.find("change", live.id) is None:
        drop_planned_change(tx, customer, live)
