"""How much of a feature may still be used: the one answer that gates, balances, alerts and denials give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import reduce

from billing_sdk.money import EXACT
from billing_sdk.server.domain.entitlements import Allowance, Room, allowance_under, room_in, room_within
from billing_sdk.server.domain.metering import plus
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.allowance_course import AllowanceCourse, load_course, reaches_back_to, spent_before


def room_of(tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime) -> Room:
    """Return what may still be used of a feature under an agreement, exactly, with all that is recorded by now.

    A plan that is cancelled and taken again begins a new period. Where that costs nothing, what was used before still
    counts until its own period is over: otherwise a limit would last as long as its customer likes.

    Args:
        tx: the transaction; whoever decides by the answer holds the lock on the customer.
        allowance: the agreement that includes the feature.
        feature_key: a metered feature.
        at: the customer's present.
    """
    return room_on(tx, allowance, feature_key, at, load_course(tx, allowance, feature_key, at))


def look_ahead(tx: UnitOfWork, customer_id: str, allowances: Iterable[tuple[str, Allowance]], at: datetime) -> None:
    """Read at once what rooms come from, so that each of them costs no query of its own.

    Args:
        tx: a transaction that only reads.
        customer_id: whose.
        allowances: of the customer, with the keys of their features.
        at: the customer's present.
    """
    mine = tx.agreements.look_ahead((customer_id,))
    tx.allowances.look_ahead(customer_id, at=at)
    tx.reservations.look_ahead(mine, at=at)
    tx.subjects.look_ahead(customer_id)
    tx.usage_changes.look_ahead(customer_id)
    since: dict[str, datetime] = {}
    for key, allowance in allowances:
        start = reaches_back_to(tx, allowance, key, at)
        since[key] = min(start, since.get(key, start))
    tx.usage.look_ahead([agreement.id for agreement in mine], since)


def room_on(
    tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime, course: AllowanceCourse | None
) -> Room:
    """Return the room of an allowance whose course is known, or which has none."""
    agreement = allowance.agreement
    held = tx.reservations.held(agreement.id, feature_key, at=at)
    if not allowance.has_fee:
        held = plus(held, tx.reservations.unfinished(agreement, feature_key, at=at))
    if course is not None:
        held = plus(held, _held_of_grants(tx, allowance, feature_key, at, course))
    room = room_apart_from_held(tx, allowance, feature_key, at, course)
    return replace(room, held=held)


def room_apart_from_held(
    tx: UnitOfWork,
    allowance: Allowance,
    feature_key: str,
    at: datetime,
    course: AllowanceCourse | None,
    *,
    known: tuple[Period, Decimal] | None = None,
) -> Room:
    """Return the room of an allowance as if nothing were set aside: what was used says alone who has access.

    Args:
        tx: the transaction.
        allowance: the agreement that includes the feature.
        feature_key: a metered feature.
        at: the customer's present.
        course: what became of it, if more than the plan's limit counts.
        known: a period, and what was used in it under the agreement, where that has been added up before.
    """
    period = allowance.period_at(at) if course is None else course.current.period
    if known is not None and known[0] == period:
        used = known[1]
    else:
        used = tx.usage.total(allowance.agreement.id, feature_key, period)
    if course is not None:
        return room_in(course.current, course.standing, used, is_soft=allowance.is_soft, at=at)
    spent = (one.amount for one in spent_before(tx, allowance, feature_key, at=at))
    used = reduce(plus, spent, used)
    return room_within(period, limit=allowance.limit, used=used, is_soft=allowance.is_soft)


def _held_of_grants(
    tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime, course: AllowanceCourse
) -> Decimal:
    """Return how much of a customer's grants is held under agreements that they counted for before.

    What is held under an agreement that has ended is still counted under it, and takes from the grants what its plan
    doesn't cover. Of an earlier agreement for the same free plan all is held already.
    """
    mine = allowance.agreement
    over = [
        one
        for one in tx.agreements.of_customer(mine.customer_id)
        if one.ended_at is not None
        and (one.started_at, one.id) < (mine.started_at, mine.id)
        and (allowance.has_fee or one.plan_key != mine.plan_key)
    ]
    held = tx.reservations.held_of(mine.customer_id, at=at) if over else {}
    beyond = Decimal(0)
    for one in over:
        units = held.get((one.id, feature_key))
        was = allowance_under(one, tx.agreements.version_included(one), feature_key) if units else None
        if units and was is not None and was.limit is not None:
            beyond = plus(beyond, max(Decimal(0), EXACT.subtract(units, _left_at_its_end(tx, was, feature_key))))
    of_grants = EXACT.subtract(course.standing.balance, course.current.included_left(course.standing))
    return min(beyond, of_grants)


def _left_at_its_end(tx: UnitOfWork, was: Allowance, feature_key: str) -> Decimal:
    """Return what an agreement that has ended had left of what its plan included."""
    end = was.agreement.ended_at
    if was.limit is None or end is None:
        return Decimal(0)
    last = end - datetime.resolution
    used = tx.usage.total(was.agreement.id, feature_key, was.period_at(last))
    spent = (one.amount for one in spent_before(tx, was, feature_key, at=last))
    return max(Decimal(0), EXACT.subtract(Decimal(was.limit), reduce(plus, spent, used)))
