"""A payment is under way: what is said to whoever comes meanwhile."""

from __future__ import annotations

from billing_sdk.errors import Conflict, PaymentPending
from billing_sdk.server.domain.invoicing import PendingCharge


def under_way(charge: PendingCharge) -> Conflict:
    """Return why a customer's plan can't change now, with the page where the payment goes on, if there is one."""
    if charge.awaits is None:
        return Conflict("another change of this customer's plan is under way")
    facts = {} if charge.awaits.url is None else {"url": charge.awaits.url}
    return PaymentPending("a change of this customer's plan waits for its payment", **facts)
