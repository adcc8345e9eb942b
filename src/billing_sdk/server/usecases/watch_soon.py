"""Have a customer's credit watched: what may lower it sets a timer, and the timer looks."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork


def watch_soon(tx: UnitOfWork, customer: Customer, *, at: datetime) -> None:
    """Have a customer's credit looked at, because some of it may be spoken for or gone; the customer is locked."""
    if tx.grants.find_settings(customer.id) is not None and tx.timers.find("top_up", customer.id) is None:
        tx.timers.set("top_up", customer.id, at, customer)
