"""How subscriptions stand, as answers: whether service is provided, and whether money comes in; and lists of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from billing_sdk.server.api.stripe.bodies import FormBody, View
from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.api.stripe.paging import Cut, Filters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import Instant
from billing_sdk.server.domain.agreements import Agreement, ServicingStatus, Standing, stand
from billing_sdk.server.storage import SubscriptionFilter, UnitOfWork

T = TypeVar("T")


class ServicingTransitions(View):
    """When a subscription came to its servicing statuses, and will come to others."""

    activated_at: Instant | None
    canceled_at: Instant | None
    paused_at: Instant | None
    will_activate_at: Instant | None
    will_cancel_at: Instant | None


class CollectionTransitions(View):
    """When a subscription came to its collection statuses."""

    awaiting_customer_action_at: Instant | None
    current_at: Instant | None
    past_due_at: Instant | None
    paused_at: Instant | None
    unpaid_at: Instant | None


class Payer(FormBody):
    """Whose subscriptions are wanted."""

    type: Literal["customer"] = "customer"
    customer: str | None = None


class SubscriptionFilters(Filters):
    """What all subscriptions can be filtered by."""

    billing_cadence: str | None = None
    payer: Payer | None = None
    servicing_status: ServicingStatus | None = None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription with what it is shown by.

    Attributes:
        agreement: what it is by now.
        created_at: when it began first.
        clock_id: the test clock of its customer.
    """

    agreement: Agreement
    standing: Standing
    created_at: datetime
    clock_id: str | None

    @property
    def status(self) -> dict[str, Any]:
        """The members that say how it stands."""
        return {
            "servicing_status": self.standing.servicing,
            "servicing_status_transitions": servicing_transitions(self.agreement, self.standing),
            "collection_status": self.standing.collection,
            "collection_status_transitions": collection_transitions(self.standing.collection_at),
        }


def subscribed(tx: UnitOfWork, agreement: Agreement) -> Subscribed:
    """Return a subscription with what it is shown by.

    How it stands is worked out anew: what is kept of it is that of the end of the transaction before.
    """
    first = agreement if agreement.first_id is None else tx.agreements.get(agreement.first_id)
    before = tx.standings.find(agreement.subscription_id)
    since = agreement.ended_at or agreement.paused_at or agreement.started_at
    standing = stand(before, agreement.subscription_id, tx.standings.circumstances(agreement, before), since)
    return Subscribed(agreement, standing, first.started_at, tx.customers.get(agreement.customer_id).clock_id)


def servicing_transitions(agreement: Agreement, standing: Standing) -> ServicingTransitions:
    """Show when a subscription came to its servicing statuses."""
    at: Mapping[str, datetime] = standing.servicing_at
    return ServicingTransitions(
        activated_at=at.get("active"),
        canceled_at=agreement.ended_at,
        paused_at=at.get("paused"),
        will_activate_at=None,
        will_cancel_at=agreement.cancel_at,
    )


def collection_transitions(at: Mapping[str, datetime]) -> CollectionTransitions:
    """Show when a subscription came to its collection statuses."""
    return CollectionTransitions(
        awaiting_customer_action_at=at.get("awaiting_customer_action"),
        current_at=at.get("current"),
        past_due_at=at.get("past_due"),
        paused_at=at.get("paused"),
        unpaid_at=at.get("unpaid"),
    )


def check_exclusive(filters: SubscriptionFilters, names: Sequence[str]) -> None:
    """Let filters pass of which one is given at most.

    Raises:
        BillingError: there are two.
    """
    given = [name for name in ("billing_cadence", "payer", *names) if getattr(filters, name) is not None]
    if len(given) > 1:
        raise refused("parameter_invalid", f"{' and '.join(given)} exclude each other", param=given[1])


def common(filters: SubscriptionFilters) -> dict[str, Any]:
    """Return what all subscriptions can be filtered by, for a `SubscriptionFilter`."""
    cadence, payer = filters.billing_cadence, filters.payer
    if payer is not None and payer.customer is None:
        raise refused("parameter_missing", "The customer is missing", param="payer.customer")
    return {
        "billing_cadence_id": None if cadence is None else ours("billing_cadence", cadence, param="billing_cadence"),
        "customer_id": None if payer is None else ours("customer", payer.customer or "", param="payer.customer"),
        "servicing": filters.servicing_status,
    }


def read_cut(tx: UnitOfWork, wanted: Wanted[Any], filters: SubscriptionFilter) -> Cut[Agreement]:
    """Return a page of subscriptions, the newest first."""
    found = tx.plan_subscriptions.newest(filters, limit=wanted.limit + 1, after=wanted.after, before=wanted.before)
    return cut_of(wanted, found, [one.subscription_id for one in found])


def cut_of(wanted: Wanted[Any], found: Sequence[T], places: Sequence[str]) -> Cut[T]:
    """Return the page of a list of which one item more was read than it has.

    Args:
        wanted: which page.
        found: the items.
        places: what stands for each of them.
    """
    is_backwards, has_more = wanted.before is not None, len(found) > wanted.limit
    part = slice(-wanted.limit, None) if is_backwards else slice(wanted.limit)
    items, places = found[part], places[part]
    return Cut(
        items,
        first=places[0] if items else None,
        last=places[-1] if items else None,
        has_next=bool(items) and (is_backwards or has_more),
        has_previous=has_more if is_backwards else wanted.after is not None,
    )
