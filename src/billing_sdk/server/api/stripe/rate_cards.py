"""Rate cards of v2 with their versions; what they price is in `rates`.

Source: Stripe documentation, "How advanced usage-based billing works", Rate card concepts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import BillingError, NotFound, VersionNotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, Since, StripeRoute, Until, View
from billing_sdk.server.api.stripe.ids import RateCardId, RateCardVersionId, ours, path_id
from billing_sdk.server.api.stripe.labels import (
    TAKEN,
    CycleBody,
    CycleView,
    Interval,
    LookupFilters,
    Name,
    TaxBehavior,
    known_currency,
    shown_page,
    version_named,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Flag, Instant, Livemode, LookupKey, LowerCurrency, Metadata, merged
from billing_sdk.server.domain.catalog import RateCard, Version
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_rate_card import update_rate_card
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CardPath = Annotated[str, path_id("rate_card", "card_id")]
CODES: dict[type[BillingError], str] = {
    NotFound: "rate_card_not_found",
    VersionNotFound: "rate_card_version_not_found",
}


class RateCardChange(Body):
    """What can be changed of a rate card."""

    active: bool | None = None
    display_name: Name | None = None
    live_version: str | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class NewRateCard(CycleBody):
    """A rate card."""

    currency: LowerCurrency
    display_name: Name
    tax_behavior: TaxBehavior
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class CardFilters(LookupFilters):
    """What rate cards can be filtered by."""

    active: Flag | None = None


CARDS = Listing(CardFilters)
VERSIONS = Listing(NoFilters)


class RateCardView(View):
    """A rate card."""

    id: RateCardId
    object: Literal["v2.billing.rate_card"] = "v2.billing.rate_card"
    active: bool
    created: Instant
    currency: LowerCurrency
    display_name: str
    latest_version: Annotated[RateCardVersionId, Until("2026-06-10")]
    live_version: RateCardVersionId
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    service_cycle: Annotated[CycleView, Since("2026-04-22")]
    service_interval: Annotated[Interval, Until("2026-04-22")]
    service_interval_count: Annotated[int, Until("2026-04-22")]
    tax_behavior: TaxBehavior

    @classmethod
    def of(cls, card: RateCard) -> RateCardView:
        """Show a rate card."""
        service = card.service
        return cls(
            id=card.id,
            active=card.is_active,
            created=card.created_at,
            currency=card.currency,
            display_name=card.name,
            latest_version=card.versions.latest.id,
            live_version=card.versions.live_id,
            lookup_key=card.lookup_key,
            metadata=dict(card.metadata),
            service_cycle=CycleView(interval=service.unit, interval_count=service.count),
            service_interval=service.unit,
            service_interval_count=service.count,
            tax_behavior=card.tax_behavior or "exclusive",
        )


class RateCardVersionView(View):
    """A version of a rate card."""

    id: RateCardVersionId
    object: Literal["v2.billing.rate_card_version"] = "v2.billing.rate_card_version"
    created: Instant
    livemode: Livemode = None
    rate_card_id: RateCardId

    @classmethod
    def of(cls, card: RateCard, version: Version) -> RateCardVersionView:
        """Show a version."""
        return cls(id=version.id, created=version.created_at, rate_card_id=card.id)


@router.post("/billing/rate_cards", **v2("create:billing_plans", codes=CODES))
def create_card(caller: CallerOf, body: NewRateCard, once: OnlyOnce) -> Response:
    """Start a collection of usage-based prices."""
    currency, service = known_currency(body.currency), body.cadence

    def serve(engine: Engine) -> View:
        with telling(TAKEN):
            card = create_rate_card(
                engine,
                name=body.display_name,
                currency=currency,
                service=service,
                lookup_key=body.lookup_key,
                metadata=merged({}, body.metadata),
                tax_behavior=body.tax_behavior,
                actor=caller.client_id,
            )
        return RateCardView.of(card)

    return once(serve, body, again=_again)


@router.get("/billing/rate_cards", **v2("read:billing_plans"))
def list_cards(engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CardFilters], Depends(CARDS)]) -> Response:
    """List rate cards, the newest first."""
    asked = wanted.filters
    with engine.read() as tx:
        return answer(
            shown_page(
                wanted,
                lambda page: tx.rate_cards.list(
                    page, lookup_keys=asked.lookup_keys, is_active=asked.active, with_rates=False
                ),
                RateCardView.of,
                lambda card: card.id,
            )
        )


@router.get("/billing/rate_cards/{card_id}", **v2("read:billing_plans", codes=CODES))
def get_card(engine: EngineOf, answer: Answering, card_id: CardPath) -> Response:
    """Get a rate card."""
    with engine.read() as tx:
        return answer(RateCardView.of(tx.rate_cards.get(card_id)))


@router.post("/billing/rate_cards/{card_id}", **v2("update:billing_plans", codes=CODES))
def update_card(caller: CallerOf, card_id: CardPath, body: RateCardChange, once: OnlyOnce) -> Response:
    """Change what is given of a rate card: its labels, whether plans can get it, and which version is live."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.rate_cards.get(card_id)
        with telling({**TAKEN, VersionNotFound: Refusal(CODES[VersionNotFound], 404, "live_version")}):
            return RateCardView.of(update_rate_card(engine, **_changes(before, body), actor=caller.client_id))

    return once(serve, body, again=_again)


def _changes(before: RateCard, body: RateCardChange) -> dict[str, Any]:
    """Return what updating a rate card is given.

    Raises:
        BillingError: it is to have no name.
    """
    given = body.model_fields_set
    if "display_name" in given and body.display_name is None:
        raise refused("parameter_invalid_empty", "a rate card has a name", param="display_name")
    return {
        "card_id": before.id,
        "name": body.display_name,
        "is_active": body.active,
        "live_version": version_named("rate_card_version", body.live_version),
        "lookup_key": body.lookup_key or "" if "lookup_key" in given else None,
        "metadata": merged(before.metadata, body.metadata) if "metadata" in given else None,
    }


@router.get("/billing/rate_cards/{card_id}/versions", **v2("read:billing_plans", codes=CODES))
def list_versions(
    engine: EngineOf, answer: Answering, card_id: CardPath, wanted: Annotated[Wanted[NoFilters], Depends(VERSIONS)]
) -> Response:
    """List the versions of a rate card, the newest first."""
    with engine.read() as tx:
        card = tx.rate_cards.get(card_id)
    newest_first = card.versions.all[::-1]
    return answer(wanted.page(newest_first, lambda one: RateCardVersionView.of(card, one), place_of=lambda one: one.id))


@router.get("/billing/rate_cards/{card_id}/versions/{version_id}", **v2("read:billing_plans", codes=CODES))
def get_version(engine: EngineOf, answer: Answering, card_id: CardPath, version_id: str) -> Response:
    """Get a version of a rate card."""
    with engine.read() as tx:
        card = tx.rate_cards.get(card_id)
    named = version_named("rate_card_version", version_id) or ""
    return answer(RateCardVersionView.of(card, card.versions.find(named)))


def _again(engine: Engine, card_id: str) -> View:
    with engine.read() as tx:
        return RateCardView.of(tx.rate_cards.get(ours("rate_card", card_id)))
