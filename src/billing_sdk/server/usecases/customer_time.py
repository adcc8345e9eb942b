"""Times that somebody names for a customer: in a zone, and by the customer's calendar."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.storage import UnitOfWork


def check_times(**instants: datetime | None) -> None:
    """Let instants pass that say in which zone they are.

    Raises:
        InvalidRequest: one does not.
    """
    for parameter, instant in instants.items():
        if instant is not None and instant.tzinfo is None:
            raise InvalidRequest(f"{parameter} has no time zone", parameter=parameter)


def zone_of(tx: UnitOfWork, customer_id: str) -> str:
    """Return by whose calendar a customer lives: that of an agreement, or else UTC."""
    return next((one.zone for one in tx.agreements.live_of(customer_id)), "UTC")
