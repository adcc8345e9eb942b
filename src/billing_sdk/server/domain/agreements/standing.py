"""How a subscription stands: whether its service is provided, and whether its money comes in.

The two are asked and told apart. A customer who owes something may still be served, and one whose agreement is paused
owes nothing. Each is read off a table, whose first line that holds is the answer. Source: Stripe documentation, "How
advanced usage-based billing works" and "Hybrid pricing plans" (servicing and collection states).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from billing_sdk.server.domain.agreements.lifecycle import LIVE, AgreementStatus

ServicingStatus = Literal["pending", "active", "paused", "canceled"]
CollectionStatus = Literal["current", "past_due", "unpaid", "paused", "awaiting_customer_action"]


@dataclass(frozen=True, slots=True)
class OwedInvoice:
    """What is known of one invoice of an agreement that was issued and not paid.

    Attributes:
        is_charged: it is charged automatically, and not sent.
        is_overdue: it should have been paid by now.
        is_given_up: it was written off, or dunning for it has come to its end in vain.
        awaits_customer: its payer has to confirm a payment before it can be taken.
    """

    is_charged: bool
    is_overdue: bool = False
    is_given_up: bool = False
    awaits_customer: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the standing of an agreement depends on.

    Attributes:
        is_suspended: the customer does not have what it includes, because nothing was paid in time.
        was_served: it has been active before, or an invoice of it was paid.
        owed: the invoices of it that are not paid.
    """

    status: AgreementStatus
    is_suspended: bool = False
    was_served: bool = False
    owed: tuple[OwedInvoice, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether the customer is bound by it no more."""
        return self.status not in LIVE

    @property
    def awaits_first_payment(self) -> bool:
        """Whether the service begins with a payment that has not been made yet."""
        return not self.was_served and any(one.is_charged for one in self.owed)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands: an agreement, with those that have followed it.

    Attributes:
        subscription_id: see `Agreement.subscription_id`.
        servicing_at: when it has last come to each servicing status that it has ever had.
        collection_at: the same of collection.
    """

    subscription_id: str
    servicing: ServicingStatus
    collection: CollectionStatus
    servicing_at: Mapping[str, datetime] = field(default_factory=dict)
    collection_at: Mapping[str, datetime] = field(default_factory=dict)

    def is_so(self, found: Circumstances) -> bool:
        """Tell whether this is how it stands under other circumstances as well."""
        return (self.servicing, self.collection) == (servicing_of(found), collection_of(found))


SERVICING: tuple[tuple[Callable[[Circumstances], bool], ServicingStatus], ...] = (
    (lambda one: one.has_ended, "canceled"),
    (lambda one: one.status == "paused" or one.is_suspended, "paused"),
    (lambda one: one.awaits_first_payment, "pending"),
    (lambda _: True, "active"),
)
COLLECTION: tuple[tuple[Callable[[Circumstances], bool], CollectionStatus], ...] = (
    (lambda one: one.status == "paused", "paused"),
    (lambda one: any(owed.awaits_customer and not owed.is_given_up for owed in one.owed), "awaiting_customer_action"),
    (lambda one: any(owed.is_given_up for owed in one.owed), "unpaid"),
    (lambda one: any(owed.is_overdue for owed in one.owed), "past_due"),
    (lambda _: True, "current"),
)


def servicing_of(found: Circumstances) -> ServicingStatus:
    """Return whether the service of an agreement is provided."""
    return next(status for holds, status in SERVICING if holds(found))


def collection_of(found: Circumstances) -> CollectionStatus:
    """Return whether the money for an agreement comes in."""
    return next(status for holds, status in COLLECTION if holds(found))


def stand(before: Standing | None, subscription_id: str, found: Circumstances, at: datetime) -> Standing:
    """Return how a subscription stands from an instant on; what has not changed keeps its time."""
    servicing, collection = servicing_of(found), collection_of(found)
    if before is None:
        return Standing(subscription_id, servicing, collection, {servicing: at}, {collection: at})
    return Standing(
        subscription_id,
        servicing,
        collection,
        _noted(before.servicing_at, before.servicing, servicing, at),
        _noted(before.collection_at, before.collection, collection, at),
    )


def _noted(known: Mapping[str, datetime], was: str, becomes: str, at: datetime) -> Mapping[str, datetime]:
    return known if was == becomes else {**known, becomes: at}
