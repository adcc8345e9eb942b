"""Let credit end at another time, or never."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import CreditGrantEnded
from billing_sdk.server.domain.credits import CreditGrant, check_end
from billing_sdk.server.usecases.customer_time import check_times
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.watch_soon import watch_soon


def change_credit_end(engine: Engine, *, grant_id: str, expires_at: datetime | None, actor: str = "api") -> CreditGrant:
    """Let a grant that has not ended end at another time.

    Args:
        engine: the engine.
        grant_id: which.
        expires_at: from when on it pays for earlier periods only, in the customer's time; None for never.
        actor: who does it, as the audit names them.

    Raises:
        UnknownCreditGrant: there is no such grant.
        CreditGrantEnded: it has expired, or was taken back.
        InvalidCreditGrant: it would end before it begins, or has ended by then.
        InvalidRequest: the time has no zone.
    """
    check_times(expires_at=expires_at)
    with engine.read() as tx:
        customer_id = tx.grants.get(grant_id).customer_id
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        before = tx.grants.get(grant_id)
        has_ended = before.expires_at is not None and before.expires_at <= at
        if before.status not in ("granted", "awaiting_payment") or has_ended:
            raise CreditGrantEnded("the credit grant has ended before", grant_status=before.status)
        after = replace(before, expires_at=expires_at)
        check_end(after, at=at)
        tx.grants.save(after)
        tx.timers.clear(grant_id, "expire_credit")
        if expires_at is not None and after.status == "granted":
            tx.timers.set("expire_credit", grant_id, expires_at, customer)
        tx.audit.record(actor, "credit.update", grant_id, at, before=before, after=after)
        watch_soon(tx, customer, at=at)
        return after
