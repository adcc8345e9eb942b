"""End credit: when its time has come, when its agreement ends, or because somebody says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from billing_sdk.errors import CreditGrantEnded
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement, expires_now, moved
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.credit_news import announce_grant
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pending_usage import billed_at, pending_usage
from billing_sdk.server.usecases.post import post_grant_expiry
from billing_sdk.server.usecases.watch_soon import watch_soon

# How soon what is held is looked at again where no billing date says when it is settled.
LOOK_AGAIN = timedelta(days=1)


def expire_credit(
    engine: Engine, *, grant_id: str, source: EventSource = "admin", actor: str | None = None
) -> CreditGrant:
    """End a grant now: what was used stays used, and what usage until now needs that is billed later stays until then.

    Raises:
        UnknownCreditGrant: there is no such grant.
        CreditGrantEnded: it has expired, was taken back, or awaits its payment.
    """
    with engine.read() as tx:
        customer_id = tx.grants.get(grant_id).customer_id
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        before = tx.grants.get(grant_id)
        if before.status != "granted" or (before.expires_at is not None and before.expires_at <= at):
            raise CreditGrantEnded("the credit grant has ended before", grant_status=before.status)
        ended = replace(before, expires_at=at)
        tx.grants.save(ended)
        expired = _end(tx, customer, ended, source=source, at=at)
        tx.audit.record(actor or source, "credit.expire", grant_id, at, before=before, after=expired)
        return expired


def expire_due_credit(engine: Engine, timer: Timer) -> None:
    """End a grant whose time has come; run by its timer."""
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        at = max(engine.now_for(tx, customer), timer.due_at)
        before = tx.grants.find(timer.subject_id)
        if before is None or before.status != "granted" or not before.left:
            return  # it was used up or taken back
        if before.expires_at is None or before.expires_at > at:
            return
        expired = _end(tx, customer, before, source="admin", at=at)
        if expired != before:
            tx.audit.record("timer", "credit.expire", before.id, at, before=before, after=expired)


def end_with_agreement(tx: UnitOfWork, customer: Customer, agreement: Agreement, *, at: datetime) -> None:
    """Let credit for a service interval last no longer than the agreement that has granted it; the customer is locked.

    The usage until then is billed first: what ends it runs as a timer of the same instant, after all invoices of it.
    """
    tx.timers.clear(agreement.id, "grant_credit")
    for grant in tx.grants.unused_of(customer.id):
        is_its = grant.agreement_id == agreement.id and grant.ends_with_agreement
        if is_its and (grant.expires_at is None or grant.expires_at > at):
            tx.grants.save(replace(grant, expires_at=at))
            tx.timers.set("expire_credit", grant.id, at, customer)


def _end(tx: UnitOfWork, customer: Customer, grant: CreditGrant, *, source: EventSource, at: datetime) -> CreditGrant:
    """Let go what no usage needs; what some does is looked at again when that has been billed."""
    gone = expires_now(grant, tx.grants.unused_of(customer.id), pending_usage(tx, customer, at=at), at=at)
    after = moved(grant, -gone)
    if after.left:
        tx.timers.set("expire_credit", grant.id, _settled_at(tx, customer, at), customer)
    else:
        after = after.after("expire")
        tx.timers.clear(grant.id, "expire_credit")
        tx.grants.save(after)
    if gone:
        tx.grants.move([CreditMovement(new_id("movement"), grant.id, customer.id, "expired", -gone, at)])
        post_grant_expiry(tx, grant, gone, at=at)
        watch_soon(tx, customer, at=at)
        announce_grant(tx, "expired", after, customer=customer, source=source, at=at, expired_minor=gone.minor)
    return after


def _settled_at(tx: UnitOfWork, customer: Customer, at: datetime) -> datetime:
    billed = [billed_at(one) for one in tx.agreements.live_of(customer.id)]
    waiting = [one.collect_at or one.send_at for one in tx.invoices.unissued_of(customer.id)]
    adjusted = [timer.due_at for timer in tx.timers.of_customer(customer.id) if timer.kind == "adjust"]
    return min(
        (when for when in (*billed, *waiting, *adjusted) if when is not None and when > at), default=at + LOOK_AGAIN
    )
