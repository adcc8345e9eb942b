"""News of agreements: the events that tell what has become of one, each with its full state."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.alert_on_usage import look_at_agreement

# How the fields of an agreement are called in events, where that differs.
TOLD = {
    "cancel_at": "cancels_on",
    "paused_at": "paused_on",
    "suspended_at": "suspended_on",
    "ended_at": "ended_on",
    "trial_ends_at": "trial_ends_on",
    "billed_until": "current_period_end",
    "plan_version_id": "plan_version",
    "next_version_id": "next_version",
}

# What events don't say, because it comes with something else that they do say.
UNTOLD = {"cancellation", "pauses"}


def announce_agreement(
    tx: UnitOfWork,
    type_: str,
    *,
    customer: Customer,
    agreement: Agreement,
    source: EventSource,
    at: datetime,
    **parts: Any,
) -> None:
    """Announce something about an agreement, with the agreement as it is after it.

    Args:
        tx: the transaction.
        type_: the type of event.
        customer: whose agreement it is.
        agreement: as it is now.
        source: who caused it.
        at: when.
        parts: what else the event says.
    """
    (plan,) = tx.catalog.list_plans([agreement.plan_key])
    version = tx.catalog.get_version(agreement.plan_version_id)
    coming = tx.agreements.coming_version(agreement)
    data = {**event_data.of_agreement(agreement, plan, version, next_version=coming), **parts}
    tx.outbox.announce(type=type_, data=data, customer=customer, source=source, at=at)


def announce_update(
    tx: UnitOfWork, before: Agreement, after: Agreement, *, customer: Customer, source: EventSource, at: datetime
) -> None:
    """Announce that an agreement goes on with something about it changed; nothing where nothing is."""
    changed = [
        TOLD.get(field.name, field.name)
        for field in fields(Agreement)
        if field.name not in UNTOLD and getattr(before, field.name) != getattr(after, field.name)
    ]
    if changed:
        announce_agreement(
            tx,
            "customer.agreement_updated",
            customer=customer,
            agreement=after,
            source=source,
            at=at,
            changed=changed,
        )
    if (before.plan_version_id, before.add_ons) != (after.plan_version_id, after.add_ons):
        look_at_agreement(tx, customer, after, at=at)
