"""Note whose usage has changed otherwise than by an event that arrived, for `follow_usage` to attend to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing_sdk.server.domain.metering import UsageEvent
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.usage_changes import CustomerChange


def note_usage(tx: UnitOfWork, customer_id: str, types: Iterable[str], *, since: datetime) -> None:
    """Have a customer attended to whose events of some types count differently from an instant on."""
    tx.usage_changes.add(CustomerChange(customer_id, type_, since) for type_ in types)


def note_correction(tx: UnitOfWork, event: UsageEvent) -> None:
    """Have whoever an event is about attended to, as it was cancelled or says something else now."""
    found = tx.subjects.find_many((event.subject,)).get(event.subject)
    if found is not None:
        note_usage(tx, found.customer_id, (event.type,), since=event.counted_at)
