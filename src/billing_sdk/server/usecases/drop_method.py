"""Drop a payment method: nobody is charged by it any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.storage import UnitOfWork


def drop_method(tx: UnitOfWork, method: PaymentMethod, *, now: datetime, actor: str = "user") -> PaymentMethod:
    """Keep a payment method for the record only; the customer's latest other one takes its place.

    Args:
        tx: the transaction.
        method: what is dropped; nothing happens where it was before.
        now: real time.
        actor: who does it, as the audit names them.
    """
    tx.customers.lock(method.customer_id)
    before = tx.customers.get_payment_method(method.id)
    if before.detached_at is not None:
        return before
    after = replace(before, detached_at=now, is_default=False)
    tx.customers.save_payment_method(after)
    tx.audit.record(actor, "card.remove", before.customer_id, now, before=before, after=after)
    if before.is_default:
        others = tx.customers.methods_of(before.customer_id)
        if others:
            tx.customers.save_payment_method(replace(others[-1], is_default=True))
    return after
