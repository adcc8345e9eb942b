"""Follow usage: what events change for an agreement happens soon after they are recorded, once, whoever sent them.

What is told of an agreement (`record_usage`, a reservation that is committed) is attended to when it is recorded.
Events of any other source are recorded without a look at who is concerned, as they are many; they are followed here.
First it is noted whose usage has changed, with the place in the order of arrival up to which that was done; then
each customer is attended to in a transaction of its own, so that one who can't be holds up nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.metering import is_told
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.usage_changes import CustomerChange
from billing_sdk.server.storage.usage_stores import Change
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.accrue import accrue_later
from billing_sdk.server.usecases.alert_on_usage import alert_on_usage
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.late_usage import adjust_later
from billing_sdk.server.usecases.run_timer import reason_of
from billing_sdk.server.usecases.watch_soon import watch_soon
from billing_sdk.server.usecases.watch_threshold import watch_threshold

# So many places are followed in one transaction, and so many customers are looked for at once.
PLACES_AT_ONCE = 20_000
CUSTOMERS_AT_ONCE = 100

# So late are alerts and announcements at most, beside the time that they take.
FOLLOW_SECONDS = 1.0
# While so much is recorded that to follow takes long, a tenth of the time is for it.
FOLLOW_REST = 9

logger = logging.getLogger(__name__)


def follow_usage(engine: Engine, *, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Attend to everybody whose usage has changed since the last time, and return how many they are.

    Any number of processes may do so at once.

    Args:
        engine: whose usage.
        is_stopping: asked before each customer.
    """
    while not is_stopping() and _note_changes(engine):
        pass
    count, after = 0, ""
    while not is_stopping() and (waiting := _waiting(engine, after)):
        for customer_id in waiting:
            if is_stopping():
                break
            count += _attend(engine, customer_id)
        after = waiting[-1]
    return count


class UsageFollower:
    """Belongs to one thread, which calls `look` again and again; anybody may call `stop`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_stopping = Event()

    def look(self) -> None:
        """Attend to everybody whose usage has changed."""
        follow_usage(self._engine, is_stopping=self._is_stopping.is_set)

    def stop(self) -> None:
        """Begin with nobody any more."""
        self._is_stopping.set()


def follow_feature(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, feature_key: str, *, since: datetime, at: datetime
) -> None:
    """Let happen what follows from usage of a feature that counts differently from an instant on.

    Args:
        tx: the transaction.
        customer: whose usage it is; locked by the caller.
        agreement: under which it counts.
        feature_key: what was used.
        since: the earliest instant at which something counts differently.
        at: the customer's present.
    """
    late = [
        one
        for one in tx.rated_intervals.closed_since(agreement.id, feature_key, since)
        if (found := tx.usage.used(agreement.id, feature_key, one.counted)).by_dimension or found.total != one.quantity
    ]
    if late:
        tx.rated_intervals.mark_dirty(late)
        adjust_later(tx, customer, agreement.id, at)
    alert_on_usage(tx, customer, agreement, feature_key, since=since, at=at)
    if not agreement.is_live:
        return
    accrue_later(tx, customer, agreement, feature_key, at=at)
    watch_threshold(tx, customer, agreement, at=at)
    watch_soon(tx, customer, at=at)


def _note_changes(engine: Engine) -> bool:
    """Note whose usage has changed up to some place; tell whether there may be more."""
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        place = tx.usage_changes.place()
        if tx.usage_log.changes(after=place, limit=1)[1] == place:
            return False
    with engine.begin() as tx:
        changes, place = tx.usage_log.changes(after=tx.usage_changes.lock_place(), limit=PLACES_AT_ONCE)
        tx.usage_changes.add(_of_customers(tx, [one for one in changes if not is_told(one.source)]))
        tx.usage_changes.move_place(place)
    return True


def _of_customers(tx: UnitOfWork, changes: list[Change]) -> set[CustomerChange]:
    """Return which customers are concerned; nobody is by a subject that nobody goes by yet."""
    subjects = tx.subjects.find_many({one.subject for one in changes})
    since: dict[tuple[str, str], datetime] = {}
    for one in changes:
        if one.subject in subjects:
            key = (subjects[one.subject].customer_id, one.type)
            since[key] = min(one.since, since.get(key, one.since))
    return {CustomerChange(*key, at) for key, at in since.items()}


def _waiting(engine: Engine, after: str) -> tuple[str, ...]:
    with engine.read() as tx:
        return tx.usage_changes.waiting(after=after, limit=CUSTOMERS_AT_ONCE)


def _attend(engine: Engine, customer_id: str) -> int:
    try:
        with engine.begin() as tx:
            customer = tx.customers.lock(customer_id)
            changed = tx.usage_changes.take(customer_id)
            _follow(tx, customer, changed, at=engine.now_for(tx, customer))
    except Exception as error:  # noqa: BLE001 - one customer must not hold up the others; the next look tries again
        logger.error("usage of %s could not be followed (%s); trying again", customer_id, reason_of(error))  # noqa: TRY400 - a traceback would show statements and their values
        return 0
    return bool(changed)


def _follow(tx: UnitOfWork, customer: Customer, changed: dict[str, datetime], *, at: datetime) -> None:
    features = {key: min(changed[type_] for type_ in types) for key, types in tx.meters.features_of(changed).items()}
    told: set[str] = set()
    for agreement in tx.agreements.of_customer(customer.id) if features else ():
        version = tx.agreements.version_included(agreement)
        for feature_key, since in features.items():
            is_over = agreement.ended_at is not None and agreement.ended_at < since
            if is_over or not version.measures(feature_key):
                continue
            if agreement.is_live and feature_key not in told:
                told.add(feature_key)
                total = tx.usage.total(agreement.id, feature_key, agreement.period_at(at))
                tx.outbox.announce(
                    type="customer.meter_usage_updated",
                    data=event_data.of_total(agreement.id, feature_key, total),
                    customer=customer,
                    source="api",
                    at=at,
                )
            follow_feature(tx, customer, agreement, feature_key, since=since, at=at)
