"""Hand over the last instant of what has ended to what begins at it, where that comes to be known after it was billed.

What is used at the very instant of an end counts under what ends while nothing follows it; see `turns_of`. A plan, or
an add-on, that goes and is taken again within an instant, as on a clock that stands still, takes that over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.late_usage import adjust_later


def hand_over(tx: UnitOfWork, customer: Customer, agreement: Agreement, instants: Collection[datetime]) -> None:
    """Have adjusted what was billed of an instant at which another agreement ended, or an add-on of the same one went.

    Args:
        tx: the transaction.
        customer: whose they are; locked by the caller.
        agreement: what is new, or goes on with something new; stored.
        instants: those at which it, or something of it, begins; or stops, as others have then.
    """
    for other in tx.agreements.of_customer(customer.id) if instants else ():
        if other.ended_at is None or other.ended_at not in instants or other.id == agreement.id:
            continue
        moved = [
            one
            for one in tx.rated_intervals.of_agreement(other.id)
            if one.is_closed and one.counted_until > other.ended_at
            if (found := tx.usage.used(other.id, one.feature_key, one.counted, foreseen=(agreement,))).by_dimension
            or found.total != one.quantity
        ]
        if moved:
            tx.rated_intervals.mark_dirty(moved)
            adjust_later(tx, customer, other.id, other.ended_at)
    gone = {(one.plan_version_id, one.at) for one in agreement.number_changes if one.is_add_on and not one.becomes}
    taken_again = gone & {(one.plan_version_id, one.added_at) for one in agreement.add_ons if one.added_at in instants}
    for version_id, at in taken_again:
        _hand_over_within(tx, customer, agreement, version_id, at)


def _hand_over_within(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, version_id: str | None, at: datetime
) -> None:
    shorter = [
        replace(one, counted_until=at, is_dirty=one.is_dirty or one.is_closed)
        for one in tx.rated_intervals.of_agreement(agreement.id)
        if one.plan_version_id == version_id and one.period.end == at < one.counted_until
    ]
    if shorter:
        tx.rated_intervals.save(shorter)
    if any(one.is_closed for one in shorter):
        adjust_later(tx, customer, agreement.id, at)
