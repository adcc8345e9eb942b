"""How much of a feature may still be used: the one answer that gates, balances, alerts and denials give."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.entitlements import Allowance, Room, room_in, room_within
from billing_sdk.server.domain.metering import plus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.allowance_course import AllowanceCourse, load_course, spent_before


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


def room_on(
    tx: UnitOfWork, allowance: Allowance, feature_key: str, at: datetime, course: AllowanceCourse | None
) -> Room:
    """Return the room of an allowance whose course is known, or which has none."""
    agreement = allowance.agreement
    period = allowance.period_at(at) if course is None else course.current.period
    used = tx.usage.total(agreement.id, feature_key, period)
    held = tx.reservations.held(agreement.id, feature_key, at=at)
    if not tx.catalog.get_version(agreement.plan_version_id).price:
        held = plus(held, tx.reservations.unfinished(agreement, feature_key, at=at))
    if course is not None:
        return room_in(course.current, course.standing, used, held, is_soft=allowance.is_soft)
    used = plus(used, spent_before(tx, allowance, feature_key, at=at))
    return room_within(period, limit=allowance.limit, used=used, held=held, is_soft=allowance.is_soft)
