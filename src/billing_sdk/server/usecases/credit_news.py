"""What events say about credit for usage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing_sdk.server.domain.credits import CreditBalance, CreditGrant
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.event_data import of_time, of_time_or_none


def announce_grant(
    tx: UnitOfWork,
    verb: str,
    grant: CreditGrant,
    *,
    customer: Customer,
    source: EventSource,
    at: datetime,
    **more: Any,
) -> None:
    """Announce what has happened to a grant: `granted`, `expired` or `voided`."""
    data = {"grant": of_grant(grant), **more}
    tx.outbox.announce(type=f"customer.credit_{verb}", data=data, customer=customer, source=source, at=at)


def of_grant(grant: CreditGrant) -> dict[str, Any]:
    """Describe a credit grant."""
    return {
        "id": grant.id,
        "name": grant.name,
        "amount_minor": grant.amount.minor,
        "left_minor": grant.left.minor,
        "currency": grant.amount.currency,
        "category": grant.category,
        "status": grant.status,
        "source": grant.source,
        "effective_on": of_time(grant.effective_at),
        "expires_on": of_time_or_none(grant.expires_at),
        "agreement_id": grant.agreement_id,
    }


def of_credit(balance: CreditBalance) -> dict[str, Any]:
    """Describe what a customer has in credit."""
    return {
        "currency": balance.currency,
        "ledger_minor": balance.ledger.minor,
        "pending_minor": balance.pending.minor,
        "available_minor": balance.available.minor,
    }
