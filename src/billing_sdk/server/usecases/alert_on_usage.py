"""Alert on usage: tell that a threshold was reached, and that a limit took access away or gives it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.money import digits_of
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import UsageThreshold
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import Allowance, AllowanceGrant, Room, allowance_under
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.allowances import Told
from billing_sdk.server.usecases.allowance_course import load_course, remember
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_data import of_time
from billing_sdk.server.usecases.room_of import room_apart_from_held

Known = tuple[Period, Decimal]
SUBJECT = "{agreement_id}/{feature_key}"


def alert_on_usage(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    feature_key: str,
    *,
    since: datetime,
    at: datetime,
    known: Known | None = None,
) -> None:
    """Tell what usage that has been counted has brought about; once for each usage period and threshold.

    Args:
        tx: the transaction.
        customer: whose usage it is; locked by the caller.
        agreement: under which agreement, live or not.
        feature_key: what was used.
        since: the earliest instant at which something counts differently.
        at: the customer's present.
        known: a period, and what was used in it under the agreement, where that has been added up before.
    """
    allowance = None
    if agreement.grants:
        allowance = allowance_under(agreement, tx.agreements.version_included(agreement), feature_key)
    if agreement.ended_at is not None:
        # What is told of it after its end counts at its end for grants, before whatever has begun then.
        since = min(since, agreement.ended_at - datetime.resolution)
    is_past = allowance is None or since < allowance.period_at(at).start
    if is_past and tx.allowances.forget_openings(customer.id, feature_key, since=since) and allowance is None:
        # What was used under an agreement that is over may have been covered by grants that go on.
        look_at_customer(tx, customer, feature_key, at=at)
    if allowance is not None:
        look_at_access(tx, customer, allowance, feature_key, at=at, known=known)


def look_at_access(
    tx: UnitOfWork,
    customer: Customer,
    allowance: Allowance,
    feature_key: str,
    *,
    at: datetime,
    known: Known | None = None,
) -> None:
    """Compare how much of a feature may be used with what was told; the caller holds the customer's lock."""
    agreement_id = allowance.agreement.id
    course = load_course(tx, allowance, feature_key, at)
    if course is not None:
        remember(tx, customer.id, feature_key, course)
    own = tx.allowances.thresholds_of(customer.id, feature_key)
    thresholds = allowance.thresholds if own is None else own
    if not thresholds and (allowance.limit is None or allowance.is_soft):
        return
    room = room_apart_from_held(tx, allowance, feature_key, at, course, known=known)
    before = tx.allowances.told(agreement_id, feature_key, room.period.start)
    reached = [one for one in thresholds if one.is_reached(room.used, room.limit)]
    for threshold in sorted(reached, key=lambda one: (one.is_percent, one.amount)):
        if str(threshold) not in before.thresholds:
            _announce_threshold(tx, customer, feature_key, threshold, room, at=at)
    if room.has_access != before.has_access:
        _announce_access(tx, customer, agreement_id, feature_key, room, at=at)
    now = Told(room.period.start, before.thresholds | {str(one) for one in reached}, room.has_access)
    if now != before:
        tx.allowances.save_told(agreement_id, feature_key, now)
    if not room.has_access:
        subject = SUBJECT.format(agreement_id=agreement_id, feature_key=feature_key)
        grants = tx.allowances.of_feature(customer.id, feature_key)
        tx.timers.set("allowance", subject, _next_look(room, grants, at), customer)


def look_at_agreement(tx: UnitOfWork, customer: Customer, agreement: Agreement, *, at: datetime) -> None:
    """Look at what is metered under an agreement that includes more of it by now, or less."""
    version = tx.agreements.version_included(agreement)
    for key in sorted(version.feature_keys) if agreement.grants else ():
        allowance = allowance_under(agreement, version, key)
        feature = None if allowance is None or allowance.limit is None else tx.features.find(key)
        if allowance is not None and feature is not None and feature.is_metered:
            look_at_access(tx, customer, allowance, key, at=at)


def look_again(engine: Engine, timer: Timer) -> None:
    """Look whether a feature can be used again; run by its timer, which is set when it can't."""
    agreement_id, _, feature_key = timer.subject_id.partition("/")
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        tx.timers.done(timer)
        agreement = tx.agreements.get(agreement_id)
        if not agreement.grants:
            return
        allowance = allowance_under(agreement, tx.agreements.version_included(agreement), feature_key)
        if allowance is not None:
            at = max(engine.now_for(tx, customer), timer.due_at)
            look_at_access(tx, customer, allowance, feature_key, at=at)


def look_at_customer(tx: UnitOfWork, customer: Customer, feature_key: str, *, at: datetime) -> None:
    """Look at a feature under each agreement of a customer that includes it, because grants of it have changed."""
    for agreement, version, _ in tx.agreements.live_with_plans(customer_id=customer.id):
        allowance = allowance_under(agreement, version, feature_key) if agreement.grants else None
        if allowance is not None:
            look_at_access(tx, customer, allowance, feature_key, at=at)


def _next_look(room: Room, grants: Sequence[AllowanceGrant], at: datetime) -> datetime:
    """Return when access may come back: with the next usage period, or a grant that begins or is filled up before."""
    begin = [grant.effective_at for grant in grants if at < grant.effective_at < room.resets_at]
    refills = [instant for grant in grants for instant in grant.refills(at, room.resets_at)]
    return min([room.resets_at, *begin, *refills])


def _announce_threshold(
    tx: UnitOfWork, customer: Customer, feature_key: str, threshold: UsageThreshold, room: Room, *, at: datetime
) -> None:
    told = {
        "feature_code": feature_key,
        "threshold": str(threshold),
        "limit": None if room.limit is None else digits_of(room.limit),
        "used": digits_of(room.used),
        "period_start": of_time(room.period.start),
        "period_end": of_time(room.period.end),
    }
    _announce(tx, customer, "customer.usage_threshold_reached", {"threshold": told}, at)


def _announce_access(
    tx: UnitOfWork, customer: Customer, agreement_id: str, feature_key: str, room: Room, *, at: datetime
) -> None:
    told = {
        "feature_code": feature_key,
        "agreement_id": agreement_id,
        "has_access": room.has_access,
        "limit": None if room.limit is None else digits_of(room.limit),
        "used": digits_of(room.used),
        "remaining": None if room.remaining is None else digits_of(room.remaining),
        "resets_on": of_time(room.resets_at),
    }
    _announce(tx, customer, "customer.entitlement_changed", {"access": told}, at)


def _announce(tx: UnitOfWork, customer: Customer, type_: str, data: dict[str, Any], at: datetime) -> None:
    tx.outbox.announce(type=type_, data=data, customer=customer, source="admin", at=at)
