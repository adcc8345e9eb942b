"""Rate card subscriptions of v2: to a card alone, and what a subscription to a plan has of the plan's cards.

Those of a plan stand and end with it. Source: Stripe API reference, Rate card subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import (
    AgreementNotLive,
    BillingError,
    Conflict,
    CurrencyMismatch,
    EmptyVersion,
    NotFound,
    TooManySubscriptions,
    VersionNotFound,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import CadenceId, RateCardId, RateCardVersionId, TestClockId, ours, unknown
from billing_sdk.server.api.stripe.intent_codes import published_codes
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, Wanted
from billing_sdk.server.api.stripe.pair_ids import CardSubscriptionId, Pair, read_pair
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.standing_views import (
    CollectionTransitions,
    ServicingTransitions,
    Subscribed,
    SubscriptionFilters,
    check_exclusive,
    common,
    cut_of,
    subscribed,
)
from billing_sdk.server.api.stripe.values import Instant, Livemode, Metadata, merged
from billing_sdk.server.domain.agreements import Agreement, CollectionStatus, ServicingStatus
from billing_sdk.server.domain.catalog import Attachment
from billing_sdk.server.storage import SubscriptionFilter, UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.subscribe_to_card import KIND as CARD_PLAN, subscribe_to_card
from billing_sdk.server.usecases.update_subscription import update_subscription
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND = "rate_card_subscription"
READ = v2("read:billing_agreements")
CREATE = v2("create:billing_agreements")
UPDATE = v2("update:billing_agreements")
Text = Annotated[str, Field(max_length=200)]
# After the last digit of any id.
AFTER = "~"
MADE: dict[type[BillingError], tuple[str, int]] = {
    Conflict: ("rate_card_subscription_already_exists", 400),
    CurrencyMismatch: ("currency_mismatch", 400),
    TooManySubscriptions: ("too_many_active_rate_card_subscriptions", 400),
    EmptyVersion: ("unpriced_rate_card", 400),
    VersionNotFound: ("rate_card_version_not_found", 404),
    NotFound: ("rate_card_not_found", 404),
}


class CardFilters(SubscriptionFilters):
    """What subscriptions to rate cards can be filtered by: one of them, and a status."""

    rate_card: str | None = None
    rate_card_version: str | None = None


SUBSCRIPTIONS = Listing(CardFilters)


class NewCardSubscription(Body):
    """Which card is subscribed to, and what bills it."""

    billing_cadence: Text
    rate_card: Text
    rate_card_version: Text | None = None
    metadata: Metadata | None = None


class UpdateBody(Body):
    """What can be changed."""

    metadata: Metadata | None = None


class NoBody(Body):
    """An object without members."""


class CardSubscriptionView(View):
    """A subscription to a rate card."""

    id: CardSubscriptionId
    object: Literal["v2.billing.rate_card_subscription"] = "v2.billing.rate_card_subscription"
    billing_cadence: CadenceId | None
    collection_status: CollectionStatus
    collection_status_transitions: CollectionTransitions
    created: Instant
    livemode: Livemode = None
    metadata: dict[str, str]
    rate_card: RateCardId
    rate_card_version: RateCardVersionId | None
    servicing_status: ServicingStatus
    servicing_status_transitions: ServicingTransitions
    test_clock: TestClockId | None

    @classmethod
    def of(cls, tx: UnitOfWork, found: Subscribed, one: Attachment) -> CardSubscriptionView:
        """Show what a subscription has of a rate card."""
        agreement = found.agreement
        return cls(
            id=Pair(agreement.subscription_id, one.object_id),
            billing_cadence=agreement.billing_cadence_id,
            created=found.created_at,
            metadata=_metadata(tx, agreement, one),
            rate_card=one.object_id,
            rate_card_version=one.version_id,
            test_clock=found.clock_id,
            **found.status,
        )


@router.post("/billing/rate_card_subscriptions", **CREATE)
def create(caller: CallerOf, body: NewCardSubscription, once: OnlyOnce) -> Response:
    """Subscribe to a rate card alone."""

    def serve(engine: Engine) -> View:
        version = body.rate_card_version
        with published_codes(MADE):
            made = subscribe_to_card(
                engine,
                billing_cadence_id=ours("billing_cadence", body.billing_cadence, param="billing_cadence"),
                card_id=ours("rate_card", body.rate_card, param="rate_card"),
                card_version=None if version is None else ours("rate_card_version", version, param="rate_card_version"),
                metadata=merged({}, body.metadata or {}),
                actor=caller.client_id,
            )
        return _view(engine, Pair(made.subscription_id, ours("rate_card", body.rate_card)))

    return once(serve, body, again=_again)


@router.get("/billing/rate_card_subscriptions", **READ)
def list_subscriptions(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CardFilters], Depends(SUBSCRIPTIONS)]
) -> Response:
    """List subscriptions to rate cards, the newest first."""
    filters = wanted.filters
    check_exclusive(filters, ("rate_card", "rate_card_version"))
    card, version = filters.rate_card, filters.rate_card_version
    such = SubscriptionFilter(
        has_card=True,
        card_id=None if card is None else ours("rate_card", card, param="rate_card"),
        card_version_id=None if version is None else ours("rate_card_version", version, param="rate_card_version"),
        **common(filters),
    )
    with engine.read() as tx:
        found = list(_pairs(tx, wanted, such))
        cut = cut_of(wanted, found, [_place(agreement, one) for agreement, one in found])
        views = [CardSubscriptionView.of(tx, subscribed(tx, agreement), one) for agreement, one in cut.items]
    return answer(wanted.shown(cut, views))


@router.get("/billing/rate_card_subscriptions/{card_subscription_id}", **READ)
def get(engine: EngineOf, answer: Answering, card_subscription_id: str) -> Response:
    """Get a subscription to a rate card."""
    return answer(_view(engine, read_pair(KIND, card_subscription_id)))


@router.post("/billing/rate_card_subscriptions/{card_subscription_id}", **UPDATE)
def update(caller: CallerOf, card_subscription_id: str, body: UpdateBody, once: OnlyOnce) -> Response:
    """Change the metadata of a subscription to a rate card."""
    pair = read_pair(KIND, card_subscription_id)

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            agreement, one = _found(tx, pair)
            metadata = merged(_metadata(tx, agreement, one), body.metadata)
            is_alone = tx.stripe.find(CARD_PLAN, agreement.plan_key) is not None
        with _refusing("update"):
            if not agreement.is_live:
                raise AgreementNotLive(f"the agreement is {agreement.status}")
            if "metadata" in body.model_fields_set and is_alone:
                update_subscription(engine, pair.subscription_id, metadata=metadata, actor=caller.client_id)
            elif "metadata" in body.model_fields_set:
                _keep(engine, pair, metadata, actor=caller.client_id)
        return _view(engine, pair)

    return once(serve, body, again=_again)


@router.post("/billing/rate_card_subscriptions/{card_subscription_id}/cancel", **UPDATE)
def cancel(caller: CallerOf, card_subscription_id: str, body: NoBody, once: OnlyOnce) -> Response:
    """End a subscription to a rate card alone, and charge what was used."""
    pair = read_pair(KIND, card_subscription_id)

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            agreement, _ = _found(tx, pair)
            is_alone = tx.stripe.find(CARD_PLAN, agreement.plan_key) is not None
        with _refusing("cancel"):
            if not is_alone:
                raise AgreementNotLive("it is part of a subscription to a plan, and ends with that")
            cancel_agreement(
                engine, agreement_id=agreement.id, is_invoice_now=True, source="api", actor=caller.client_id
            )
        return _view(engine, pair)

    return once(serve, body, again=_again)


@contextmanager
def _refusing(verb: str) -> Iterator[None]:
    with published_codes({AgreementNotLive: (f"invalid_rate_card_subscription_status_for_{verb}", 400)}):
        yield


def _pairs(tx: UnitOfWork, wanted: Wanted[CardFilters], such: SubscriptionFilter) -> list[tuple[Agreement, Attachment]]:
    """Return one more than the page has: each subscription has one card at least, and the page may begin within one."""
    after, before = (None if one is None else one.partition("/")[0] for one in (wanted.after, wanted.before))
    found = tx.plan_subscriptions.newest(
        such,
        limit=wanted.limit + 2,
        after=None if after is None else after + AFTER,
        before=None if before is None else before[:-1],
    )
    pairs = [(agreement, one) for agreement in found for one in _cards(tx, agreement, such)]
    if wanted.after is not None:
        pairs = [pair for pair in pairs if _place(*pair) < wanted.after]
    if wanted.before is not None:
        return [pair for pair in pairs if _place(*pair) > wanted.before][-wanted.limit - 1 :]
    return pairs[: wanted.limit + 1]


def _cards(tx: UnitOfWork, agreement: Agreement, such: SubscriptionFilter | None = None) -> list[Attachment]:
    """Return the cards that a subscription has, those that were made last first."""
    found = [one for one in tx.attachments.of(agreement.plan_version_id) if one.kind == "rate_card"]
    if such is not None and such.card_id is not None:
        found = [one for one in found if one.object_id == such.card_id]
    if such is not None and such.card_version_id is not None:
        found = [one for one in found if one.version_id == such.card_version_id]
    return sorted(found, key=lambda one: one.object_id, reverse=True)


def _place(agreement: Agreement, one: Attachment) -> str:
    return f"{agreement.subscription_id}/{one.object_id}"


def _found(tx: UnitOfWork, pair: Pair) -> tuple[Agreement, Attachment]:
    """Return what a subscription has of a card.

    Raises:
        NotFound: there is no such subscription, or its plan has no such card.
    """
    agreement = tx.agreements.find_current(pair.subscription_id)
    if agreement is not None and agreement.billing_cadence_id is not None:
        for one in _cards(tx, agreement):
            if one.object_id == pair.object_id:
                return agreement, one
    raise unknown(KIND, "/".join(pair))


def _metadata(tx: UnitOfWork, agreement: Agreement, one: Attachment) -> dict[str, str]:
    """Return the metadata of a card's subscription: that of the agreement where there is nothing else in it."""
    if tx.stripe.find(CARD_PLAN, agreement.plan_key) is not None:
        return dict(agreement.metadata)
    kept = tx.stripe.find(KIND, _place(agreement, one))
    return {} if kept is None else dict(kept.metadata)


def _keep(engine: Engine, pair: Pair, metadata: dict[str, str], *, actor: str) -> None:
    at, our_id = engine.now(), "/".join(pair)
    with engine.begin() as tx:
        before = tx.stripe.find(KIND, our_id) or StripeObject(KIND, our_id, created_at=at, updated_at=at)
        after = replace(before, metadata=metadata, updated_at=at)
        tx.stripe.save(after)
        tx.audit.record(actor, "rate_card_subscription.update", our_id, at, before=before, after=after)


def _view(engine: Engine, pair: Pair) -> View:
    with engine.read() as tx:
        agreement, one = _found(tx, pair)
        return CardSubscriptionView.of(tx, subscribed(tx, agreement), one)


def _again(engine: Engine, shown_id: str) -> View:
    return _view(engine, read_pair(KIND, shown_id))
