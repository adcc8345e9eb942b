"""How subscriptions and their add-ons look."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from billing_sdk.server.api.konnect.addon_body import cards_shown
from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.api.konnect.plan_addons import ReferenceView
from billing_sdk.server.api.konnect.plan_view import SETTLEMENT
from billing_sdk.server.api.konnect.values import Instant
from billing_sdk.server.domain.agreements import AgreedAddOn
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.konnect_plans import get_record
from billing_sdk.server.usecases.konnect_subscriptions import Subscription


class SubscriptionView(View):
    """A subscription."""

    id: str
    created_at: Instant
    updated_at: Instant
    customer_id: str
    billing_anchor: Instant
    status: str
    settlement_mode: str
    plan_id: str
    labels: dict[str, str] | None = None

    @classmethod
    def of(cls, one: Subscription) -> SubscriptionView:
        """Show a subscription."""
        changed = one.created_at if one.extras is None else one.extras.updated_at
        return cls(
            id=ulid_of(one.id),
            created_at=one.created_at,
            updated_at=max(one.created_at, changed),
            customer_id=ulid_of(one.customer_id),
            billing_anchor=one.anchor,
            status=one.status,
            settlement_mode=one.more.get("settlement_mode", SETTLEMENT),
            plan_id=ulid_of(one.plan_id),
            labels=None if one.extras is None else dict(one.extras.labels) or None,
        )


class SegmentView(View):
    """How many there were of an add-on for some time."""

    active_from: Instant
    quantity: int
    active_to: Instant | None = None


class AddonCardView(View):
    """A rate card of an add-on, and the items of the subscription that it became."""

    rate_card: dict[str, Any]
    affected_subscription_item_ids: list[str]


class SubscriptionAddonView(View):
    """An add-on of a subscription."""

    id: str
    created_at: Instant
    updated_at: Instant
    name: str
    addon: ReferenceView
    quantity: int
    quantity_at: Instant
    active_from: Instant
    timeline: list[SegmentView]
    rate_cards: list[AddonCardView]
    description: str | None = None
    labels: dict[str, str] | None = None
    active_to: Instant | None = None

    @classmethod
    def of(cls, tx: UnitOfWork, one: Subscription, add_on: AgreedAddOn, at: datetime) -> SubscriptionAddonView:
        """Show an add-on as it is at an instant."""
        record = get_record(tx, "add_on", add_on.plan_version_id)
        timeline = timeline_of(one, add_on)
        began = timeline[0].active_from
        return cls(
            id=ulid_of(addon_id_of(one, add_on)),
            created_at=began,
            updated_at=timeline[-1].active_from,
            name=record.name[:256],
            description=record.extras.description if record.extras else None,
            labels=(dict(record.extras.labels) or None) if record.extras else None,
            addon=ReferenceView(id=ulid_of(add_on.plan_version_id)),
            quantity=add_on.quantity,
            quantity_at=at,
            active_from=began,
            active_to=one.active_to,
            timeline=timeline,
            rate_cards=[
                AddonCardView(rate_card=card, affected_subscription_item_ids=[]) for card in cards_shown(tx, record)
            ],
        )


def addon_id_of(one: Subscription, add_on: AgreedAddOn) -> str:
    """Return the id of an add-on of a subscription, which follows from both."""
    digest = hashlib.sha256(f"{one.id} {add_on.plan_key}".encode()).hexdigest()
    return f"subscription_addon_{digest[:32]}"


def timeline_of(one: Subscription, add_on: AgreedAddOn) -> list[SegmentView]:
    """Return how many there were of an add-on and when, without a gap.

    Of the time before the billing period that was billed last it is known how many there were at its end.
    """
    changes = [
        change
        for change in one.agreement.number_changes
        if change.is_add_on and change.key == add_on.plan_key and change.was != change.becomes
    ]
    began = add_on.added_at or one.active_from
    first = changes[0].was if changes else add_on.quantity
    points: list[tuple[datetime, int]] = [(began, first)] if first else []
    points += [(max(change.at, began), change.becomes) for change in changes]
    return _segments(points or [(began, add_on.quantity)], one.active_to)


def _segments(points: Sequence[tuple[datetime, int]], end: datetime | None) -> list[SegmentView]:
    ends = [*(at for at, _ in points[1:]), end]
    return [
        SegmentView(active_from=at, quantity=quantity, **({} if until is None else {"active_to": until}))
        for (at, quantity), until in zip(points, ends, strict=True)
        if until is None or at < until
    ] or [SegmentView(active_from=points[-1][0], quantity=points[-1][1])]
