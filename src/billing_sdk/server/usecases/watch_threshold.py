"""Watch the threshold: have usage looked at that may be billed before its time."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork


def watch_threshold(tx: UnitOfWork, customer: Customer, agreement: Agreement, *, at: datetime) -> None:
    """Have the usage of an agreement looked at, where its profile bills it from some amount on.

    Args:
        tx: the transaction.
        customer: whose agreement it is; locked by the caller.
        agreement: under which something was used.
        at: the customer's present.
    """
    if agreement.status != "active" or tx.billing_profiles.of(customer).threshold(agreement.currency) is None:
        return
    if tx.timers.find("threshold", agreement.id) is None:
        tx.timers.set("threshold", agreement.id, at, customer)
