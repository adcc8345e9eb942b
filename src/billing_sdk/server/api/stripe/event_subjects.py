"""What events are about: kinds and ids of ours, and the objects of this door that they stand for.

An event keeps `kind/id`, or `kind/id/id` for what lies within something else; here that becomes the id, the type and
the path by which a client knows the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.ids import SHOWN, kind_named, ours, shown
from billing_sdk.server.api.stripe.pair_ids import Pair, read_pair, shown_pair


@dataclass(frozen=True, slots=True)
class Related:
    """An object as a thin event names it."""

    id: str
    type: str
    url: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of object is named.

    Attributes:
        type: as the object itself says.
        path: where it is fetched; its last place is its own id.
        ids: the kinds of the ids in the path.
    """

    type: str
    path: str
    ids: tuple[str, ...]


def _billing(name: str, plural: str, id_kind: str | None = None) -> _Kind:
    return _Kind(f"v2.billing.{name}", f"/v2/billing/{plural}/{{}}", (id_kind or name,))


def _within(name: str, path: str, outer: str, id_kind: str | None = None) -> _Kind:
    return _Kind(f"v2.billing.{name}", f"/v2/billing/{path}", (outer, id_kind or name))


KINDS: Final[dict[str, _Kind]] = {
    "billing.meter": _Kind("billing.meter", "/v1/billing/meters/{}", ("meter",)),
    "cadence": _billing("cadence", "cadences", "billing_cadence"),
    "event_destination": _Kind("v2.core.event_destination", "/v2/core/event_destinations/{}", ("event_destination",)),
    "license_fee": _billing("license_fee", "license_fees"),
    "license_fee_version": _within("license_fee_version", "license_fees/{}/versions/{}", "license_fee"),
    "licensed_item": _billing("licensed_item", "licensed_items", "billable_item"),
    "metered_item": _billing("metered_item", "metered_items", "billable_item"),
    "pricing_plan": _billing("pricing_plan", "pricing_plans"),
    "pricing_plan_component": _within("pricing_plan_component", "pricing_plans/{}/components/{}", "pricing_plan"),
    "pricing_plan_subscription": _billing("pricing_plan_subscription", "pricing_plan_subscriptions"),
    "pricing_plan_version": _within("pricing_plan_version", "pricing_plans/{}/versions/{}", "pricing_plan"),
    "rate_card": _billing("rate_card", "rate_cards"),
    "rate_card_custom_pricing_unit_overage_rate": _within(
        "rate_card_custom_pricing_unit_overage_rate",
        "rate_cards/{}/custom_pricing_unit_overage_rates/{}",
        "rate_card",
        "custom_pricing_unit_overage_rate",
    ),
    "rate_card_rate": _within("rate_card_rate", "rate_cards/{}/rates/{}", "rate_card"),
    "rate_card_subscription": _billing("rate_card_subscription", "rate_card_subscriptions"),
    "rate_card_version": _within("rate_card_version", "rate_cards/{}/versions/{}", "rate_card"),
}
# What snapshots are about, where the kind of its id has another name.
SNAPSHOT_IDS: Final = {
    "billing.credit_grant": "credit_grant",
    "billing.meter": "meter",
    "checkout.session": "checkout_session",
    "test_helpers.test_clock": "test_clock",
}
CARD_SUBSCRIPTION: Final = "rate_card_subscription"
# By the start of an id that a client has: the kinds of subject that it may be.
FOUND_BY: Final = {
    "bpp": "pricing_plan",
    "bpps": "pricing_plan_subscription",
    "bc": "cadence",
    "rcd": "rate_card",
    "licf": "license_fee",
    "mtr": "billing.meter",
    "ed": "event_destination",
}
ITEMS: Final = ("metered_item", "licensed_item")


def related(subject: str, *, is_live: bool) -> Related | None:
    """Return the object that an event is about; None where it is about none."""
    if not subject:
        return None
    kind, *ids = subject.split("/")
    found = KINDS[kind]
    if kind == CARD_SUBSCRIPTION:
        names = [card_subscription_id(*ids, is_live=is_live)]
    else:
        names = [named(id_kind, our_id, is_live=is_live) for id_kind, our_id in zip(found.ids, ids, strict=True)]
    return Related(names[-1], found.type, found.path.format(*names))


def card_subscription_id(subscription_id: str, card_id: str, *, is_live: bool) -> str:
    """Return the id of a rate card within a subscription."""
    return shown_pair(CARD_SUBSCRIPTION, Pair(subscription_id, card_id), is_live=is_live)


def named(kind: str, our_id: str, *, is_live: bool) -> str:
    """Return an id as clients know it; the key of a plan, which has no other form, is its id."""
    known = kind_named(kind)
    return our_id if known is None else shown(known, our_id, is_live=is_live)


def _card_subscription(text: str) -> tuple[str, ...]:
    try:
        pair = read_pair(CARD_SUBSCRIPTION, text)
    except NotFound:
        return ()
    return (f"{CARD_SUBSCRIPTION}/{pair.subscription_id}/{pair.object_id}",)


def subjects_of(text: str) -> tuple[str, ...]:
    """Return what events about an object keep, by the id that a client has; nothing where it is no such id."""
    if text.startswith("bpp_"):
        return (f"pricing_plan/{text}",)
    if text.startswith("rcds_"):
        return _card_subscription(text)
    match = SHOWN.fullmatch(text)
    if match is None:
        return (f"pricing_plan/{text}",)
    if match[1] == "bli":
        return tuple(f"{kind}/{ours('billable_item', text)}" for kind in ITEMS)
    kind = FOUND_BY.get(match[1])
    id_kind = None if kind is None else kind_named(KINDS[kind].ids[-1])
    if id_kind is None:
        return ()
    try:
        return (f"{kind}/{ours(id_kind, text)}",)
    except NotFound:
        return ()
