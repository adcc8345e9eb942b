"""Usage to follow: what has been recorded of a customer, and has not been attended to yet."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.metering import is_told
from billing_sdk.server.storage import UnitOfWork

# A second's worth of most servers; beyond it a question is answered without looking at the rest.
MOST_PLACES = 5_000


def unfollowed_since(tx: UnitOfWork, customer_id: str, feature_key: str) -> datetime | None:
    """Return the earliest instant at which usage counts differently that nobody has attended to; None without any.

    What is told of an agreement is attended to when it is recorded, so this is about events.
    """
    meter = tx.usage.meter_of(feature_key)
    if meter is None:
        return None
    noted = tx.usage_changes.noted_since(customer_id, meter.event_type)
    found = [] if noted is None else [noted]
    changes, _ = tx.usage_log.changes(after=tx.usage_changes.place(), limit=MOST_PLACES)
    mine = [one for one in changes if one.type == meter.event_type and not is_told(one.source)]
    if mine:
        agreements = {one.id for one in tx.agreements.of_customer(customer_id)}
        subjects = tx.subjects.of_customer(customer_id) | agreements
        found += [one.since for one in mine if one.subject in subjects]
    return min(found, default=None)
