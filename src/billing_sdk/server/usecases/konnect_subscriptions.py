"""Subscriptions as the Konnect door has them: agreements, and the changes that are planned for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import Agreement, PendingChange
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import Condition, all_hold
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.storage.konnect_customers import Order

SubscriptionStatus: TypeAlias = Literal["active", "inactive", "canceled", "scheduled"]
SubscriptionEvent: TypeAlias = Literal["cancel", "change", "continue"]
KIND: Final = "subscription"

# What can be asked of a subscription in which state; all else is refused.
ALLOWED: frozenset[tuple[SubscriptionStatus, SubscriptionEvent]] = frozenset(
    {("active", "cancel"), ("active", "change"), ("canceled", "continue")}
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription.

    Attributes:
        active_to: when it ends or has ended; None while it goes on.
        agreement: the agreement that it is; of one that is planned, the one that gives way to it.
    """

    id: str
    customer_id: str
    plan_id: str
    plan_key: str
    anchor: datetime
    status: SubscriptionStatus
    active_from: datetime
    active_to: datetime | None
    agreement: Agreement
    extras: Extras | None = None

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.extras.created_at if self.extras is not None else self.agreement.started_at

    @property
    def more(self) -> Mapping[str, Any]:
        """What only this door knows of it."""
        return {} if self.extras is None else self.extras.more


def subscription_of(agreement: Agreement, extras: Extras | None = None) -> Subscription:
    """Return an agreement as a subscription."""
    pending = giving_way(agreement)
    status: SubscriptionStatus = "active"
    if not agreement.is_live:
        status = "inactive"
    elif agreement.cancel_at is not None or pending is not None:
        status = "canceled"
    planned_end = pending.at if pending is not None else agreement.cancel_at
    return Subscription(
        agreement.id,
        agreement.customer_id,
        agreement.plan_version_id,
        agreement.plan_key,
        agreement.anchor,
        status,
        agreement.started_at,
        agreement.ended_at or planned_end,
        agreement,
        extras,
    )


def planned_subscription(agreement: Agreement, extras: Extras | None = None) -> Subscription | None:
    """Return the subscription that an agreement is planned to give way to; None where none has an id."""
    pending = giving_way(agreement)
    if pending is None or pending.agreement_id is None:
        return None
    return Subscription(
        pending.agreement_id,
        agreement.customer_id,
        pending.plan_version_id,
        pending.plan_key,
        pending.anchor or pending.at,
        "scheduled",
        pending.at,
        None,
        agreement,
        extras,
    )


def giving_way(agreement: Agreement) -> PendingChange | None:
    """Return the change of plan that is planned for a live agreement, if one is."""
    pending = agreement.pending_change
    return pending if agreement.is_live and pending is not None and not pending.is_alteration else None


def get_subscription(tx: UnitOfWork, subscription_id: str) -> Subscription:
    """Return a subscription, also one that begins later.

    Raises:
        NotFound: there is none; one that was planned is gone when the plan was dropped.
    """
    extras = tx.konnect.find(KIND, subscription_id)
    agreement = tx.agreements.find(subscription_id)
    if agreement is not None:
        return subscription_of(agreement, extras)
    before = None if extras is None or extras.parent_id is None else tx.agreements.find(extras.parent_id)
    planned = None if before is None else planned_subscription(before, extras)
    if planned is None or planned.id != subscription_id:
        raise NotFound(f"there is no subscription {subscription_id[:64]!r}")
    return planned


def page_subscriptions(
    tx: UnitOfWork, conditions: Collection[Condition], order: Order, *, size: int, number: int
) -> tuple[list[Subscription], int]:
    """Return a page of subscriptions and how many there are in all.

    Args:
        tx: the transaction.
        conditions: over `id`, `customer_id`, `status`, `plan_id` and `plan_key`.
        order: by `id`, `active_from` or `active_to`.
        size: how many a page has.
        number: which page, from 1 on.
    """
    planned = sorted(
        (
            one
            for agreement in tx.konnect.giving_way()
            if (one := planned_subscription(agreement)) is not None and all_hold(conditions, _values(one).get)
        ),
        key=lambda one: _place(one, order),
    )
    total = tx.konnect.count_subscriptions(conditions) + len(planned)
    wanted = size * (number - 1)
    # Of what comes before the page, at most the planned ones are others.
    start = max(0, wanted - len(planned))
    found = tx.konnect.read_subscriptions(conditions, order, start=start, count=wanted + size - start)
    agreed = [subscription_of(agreement) for agreement in found]
    if agreed and start:
        earlier = sum(_place(one, order) < _place(agreed[0], order) for one in planned)
    else:
        earlier = 0 if agreed or not start else max(0, len(planned) - (total - start))
    merged = sorted([*agreed, *planned[earlier:]], key=lambda one: _place(one, order))
    page = merged[wanted - start - earlier :][:size]
    known = tx.konnect.find_many(KIND, [one.id for one in page])
    return [_with_extras(one, known.get(one.id)) for one in page], total


def _with_extras(one: Subscription, extras: Extras | None) -> Subscription:
    if one.status == "scheduled":
        return planned_subscription(one.agreement, extras) or one
    return subscription_of(one.agreement, extras)


def _values(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "customer_id": one.customer_id,
        "status": one.status,
        "plan_id": one.plan_id,
        "plan_key": one.plan_key,
    }


def _place(one: Subscription, order: Order) -> tuple[Any, ...]:
    """Return what puts subscriptions in an order as the database does: those without a value last, then by id."""
    if order.field == "id":
        return (False, _turned(int(one.id.rpartition("_")[2], 16), order), one.id)
    at = one.active_from if order.field == "active_from" else one.agreement.ended_at or one.agreement.cancel_at
    if order.field == "active_to" and one.status == "scheduled":
        at = None
    return (at is None, 0 if at is None else _turned(at.timestamp(), order), one.id)


def _turned(number: float, order: Order) -> float:
    return -number if order.is_descending else number
