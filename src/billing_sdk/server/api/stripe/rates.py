"""Rates of rate cards of v2: up to 500 in a version, one for each metered item.

A first rate for an item counts for the version that there is; another price, or none, makes a version.
Source: Stripe documentation, "How advanced usage-based billing works", Rate card version.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    InvalidPrice,
    NotFound,
    RateExists,
    TooManyRates,
    UsagePricedTwice,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import RateCardId, RateCardVersionId, RateId, ours, path_id
from billing_sdk.server.api.stripe.items import MeterChoice, MeteredItemView, NewItem, create_from
from billing_sdk.server.api.stripe.labels import DeletedView, version_named
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.prices import PriceBody, PriceView, price_members, terms_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.rate_cards import CODES as CARD_CODES, CardPath, RateCardVersionView
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.units import UnitAmountBody, UnitAmountView, unit_of
from billing_sdk.server.api.stripe.values import Instant, Livemode, Metadata, merged
from billing_sdk.server.domain.catalog import CardRate, RateCard, millionths
from billing_sdk.server.domain.catalog.rate_card import MOST_CHANGES
from billing_sdk.server.domain.catalog.versioned import LATEST
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.metered_features import meters_of_items
from billing_sdk.server.usecases.modify_rates import NewRate, add_rate, delete_rate, modify_rates
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

RatePath = Annotated[str, path_id("rate_card_rate", "rate_id")]
RATE_CODES: dict[type[BillingError], str] = {NotFound: "rate_card_rate_not_found"}
REFUSALS: dict[type[BillingError], Refusal] = {
    UsagePricedTwice: Refusal("rate_card_price_meter_exists", param="metered_item"),
    RateExists: Refusal("duplicate_metered_item", param="rates_to_create"),
    TooManyRates: Refusal("too_many_rates_per_rate_card"),
    InvalidPrice: Refusal("parameter_invalid"),
}
NO_ITEM = Refusal("metered_item_not_found", 404, "metered_item")


class UnitPriceBody(PriceBody):
    """A price, in money or in a custom pricing unit."""

    custom_pricing_unit_amount: UnitAmountBody | None = None


class NewRateBody(UnitPriceBody):
    """The price of a metered item."""

    metered_item: str
    metadata: Metadata | None = None


class ItemData(NewItem, MeterChoice):
    """A metered item that is made with its rate."""


class RateToCreate(UnitPriceBody):
    """The price of a metered item, which may be made with it."""

    metered_item: str | None = None
    metered_item_data: ItemData | None = None
    metadata: Metadata | None = None


class RateToDelete(Body):
    """A rate that is not to be in the next version."""

    id: str


class RateChanges(Body):
    """What is made and what is deleted together."""

    rates_to_create: list[RateToCreate]
    rates_to_delete: list[RateToDelete]


class RateFilters(Filters):
    """What the rates of a card can be filtered by."""

    metered_item: str | None = None
    rate_card_version: str | None = None


RATES = Listing(RateFilters)


class RateView(PriceView):
    """The price of a metered item on a rate card."""

    id: RateId
    object: Literal["v2.billing.rate_card_rate"] = "v2.billing.rate_card_rate"
    created: Instant
    custom_pricing_unit_amount: UnitAmountView | None
    livemode: Livemode = None
    metadata: dict[str, str]
    metered_item: MeteredItemView
    rate_card: RateCardId
    rate_card_version: RateCardVersionId

    @classmethod
    def of(cls, card: RateCard, rate: CardRate, meter_id: str) -> RateView:
        """Show a rate, with the version that it was made on."""
        made_on = next(version for version in card.versions.all if version.number == rate.since)
        return cls(
            id=rate.id,
            created=rate.created_at,
            metadata=dict(rate.metadata),
            metered_item=MeteredItemView.of(rate.item, meter_id),
            rate_card=card.id,
            rate_card_version=made_on.id,
            **members_of(rate),
        )


def rate_terms(body: UnitPriceBody, *, at: str = "") -> Terms:
    """Return the price that a body describes; one in a unit is in millionths of it.

    Raises:
        BillingError: it is no price, or one in money and one in a unit.
    """
    in_unit = body.custom_pricing_unit_amount
    if in_unit is None:
        return terms_of(body, at=at)
    if body.unit_amount is not None or body.tiers:
        raise refused("parameter_invalid", "a price is in money or in a unit", param=f"{at}custom_pricing_unit_amount")
    price = PriceBody(unit_amount=millionths(in_unit.value), transform_quantity=body.transform_quantity)
    return terms_of(price, at=at)


def members_of(rate: CardRate) -> dict[str, Any]:
    """Return the members of a rate that say what it costs."""
    members = price_members(rate.terms)
    if rate.unit is None:
        return {**members, "custom_pricing_unit_amount": None}
    amount = UnitAmountView.of(rate.unit, members["unit_amount"])
    return {**members, "unit_amount": None, "custom_pricing_unit_amount": amount}


def show_rate(tx: UnitOfWork, card: RateCard, rate: CardRate) -> RateView:
    """Show a rate of a card."""
    return RateView.of(card, rate, meters_of_items(tx, [rate.item])[rate.item.id])


@router.post("/billing/rate_cards/{card_id}/rates", **v2("update:billing_plans", codes=CARD_CODES))
def create_rate(caller: CallerOf, card_id: CardPath, body: NewRateBody, once: OnlyOnce) -> Response:
    """Price a metered item."""
    terms = rate_terms(body)

    def serve(engine: Engine) -> View:
        _active_card(engine, card_id)
        unit_id = unit_of(engine, body.custom_pricing_unit_amount)
        with telling({**REFUSALS, NotFound: NO_ITEM}):
            item_id = ours("billable_item", body.metered_item)
            rate = NewRate(item_id, terms, merged({}, body.metadata), unit_id)
            card, made = add_rate(engine, card_id=card_id, rate=rate, actor=caller.client_id)
        with engine.read() as tx:
            return show_rate(tx, card, made)

    def again(engine: Engine, rate_id: str) -> View:
        with engine.read() as tx:
            return show_rate(tx, *_found(tx, card_id, ours("rate_card_rate", rate_id)))

    return once(serve, body, again=again)


@router.get("/billing/rate_cards/{card_id}/rates", **v2("read:billing_plans", codes=CARD_CODES))
def list_rates(
    engine: EngineOf, answer: Answering, card_id: CardPath, wanted: Annotated[Wanted[RateFilters], Depends(RATES)]
) -> Response:
    """List the rates of a version of a card, the first that was made first; of the latest where none is named."""
    asked = wanted.filters
    with telling({NotFound: NO_ITEM}):
        item_id = None if asked.metered_item is None else ours("billable_item", asked.metered_item)
    with engine.read() as tx:
        card = tx.rate_cards.get(card_id)
        version = version_named("rate_card_version", asked.rate_card_version) or LATEST
        rates = [one for one in card.rates_of(version) if item_id in (None, one.item.id)]
        cut = wanted.cut(rates, place_of=lambda rate: rate.id)
        meters = meters_of_items(tx, [rate.item for rate in cut.items])
        return answer(wanted.shown(cut, [RateView.of(card, rate, meters[rate.item.id]) for rate in cut.items]))


@router.get("/billing/rate_cards/{card_id}/rates/{rate_id}", **v2("read:billing_plans", codes=RATE_CODES))
def get_rate(engine: EngineOf, answer: Answering, card_id: CardPath, rate_id: RatePath) -> Response:
    """Get a rate, be it in the latest version or not."""
    with engine.read() as tx:
        return answer(show_rate(tx, *_found(tx, card_id, rate_id)))


@router.delete("/billing/rate_cards/{card_id}/rates/{rate_id}", **v2("update:billing_plans", codes=RATE_CODES))
def remove_rate(caller: CallerOf, card_id: CardPath, rate_id: RatePath, once: OnlyOnce) -> Response:
    """Leave a rate out of the next version of its card."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            _check_is_latest(*_found(tx, card_id, rate_id))
        delete_rate(engine, card_id=card_id, rate_id=rate_id, actor=caller.client_id)
        return DeletedRate(id=rate_id)

    return once(serve)


class DeletedRate(DeletedView):
    """What is left of a rate."""

    id: RateId
    object: str = "v2.billing.rate_card_rate"


@router.post("/billing/rate_cards/{card_id}/modify_rates", **v2("update:billing_plans", codes=CARD_CODES))
def change_rates(caller: CallerOf, card_id: CardPath, body: RateChanges, once: OnlyOnce) -> Response:
    """Make and delete rates together, in one new version at most; the answer is the latest version."""
    terms = [rate_terms(rate, at=f"rates_to_create[{number}].") for number, rate in enumerate(body.rates_to_create)]
    if not 1 <= len(body.rates_to_create) + len(body.rates_to_delete) <= MOST_CHANGES:
        raise refused(
            "invalid_bulk_rates_length", f"a call makes and deletes 1 to {MOST_CHANGES} rates", param="rates_to_create"
        )

    def serve(engine: Engine) -> View:
        card = _active_card(engine, card_id)
        deleted = [_to_delete(card, one.id, number) for number, one in enumerate(body.rates_to_delete)]
        made = [
            NewRate(
                _item_of(engine, rate, number, caller.client_id),
                terms[number],
                merged({}, rate.metadata),
                unit_of(engine, rate.custom_pricing_unit_amount, at=f"rates_to_create[{number}]."),
            )
            for number, rate in enumerate(body.rates_to_create)
        ]
        with telling({**REFUSALS, NotFound: NO_ITEM._replace(param="rates_to_create")}):
            changed = modify_rates(engine, card_id=card_id, create=made, delete=deleted, actor=caller.client_id)
        return RateCardVersionView.of(changed, changed.versions.latest)

    def again(engine: Engine, version_id: str) -> View:
        with engine.read() as tx:
            card = tx.rate_cards.get(card_id)
        return RateCardVersionView.of(card, card.versions.find(ours("rate_card_version", version_id)))

    return once(serve, body, again=again)


def _active_card(engine: Engine, card_id: str) -> RateCard:
    """Return a card whose rates may change.

    Raises:
        NotFound: there is no such card.
        BillingError: it is not active.
    """
    with engine.read() as tx:
        card = tx.rate_cards.get(card_id)
    if not card.is_active:
        raise refused(
            "rate_card_inactive_error", f"the rate card {card.name!r} is not active", remedy="Make it active first."
        )
    return card


def _found(tx: UnitOfWork, card_id: str, rate_id: str) -> tuple[RateCard, CardRate]:
    card = tx.rate_cards.get(card_id)
    for rate in card.rates:
        if rate.id == rate_id:
            return card, rate
    raise NotFound(f"the rate card {card.name!r} has no such rate")


def _check_is_latest(card: RateCard, rate: CardRate) -> None:
    if rate.until is not None:
        raise refused("rate_card_rate_delete_inactive", f"the latest version of {card.name!r} does not have the rate")


def _to_delete(card: RateCard, text: str, number: int) -> str:
    at = f"rates_to_delete[{number}].id"
    with telling({NotFound: Refusal("rate_card_rate_not_found", 404, at)}):
        rate_id = ours("rate_card_rate", text)
        found = next((rate for rate in card.rates if rate.id == rate_id), None)
        if found is None:
            raise NotFound(f"the rate card {card.name!r} has no rate {text[:80]!r}")
    _check_is_latest(card, found)
    return rate_id


def _item_of(engine: Engine, rate: RateToCreate, number: int, actor: str) -> str:
    """Return the id of the item that a rate is for, which is made here if it was not there."""
    at = f"rates_to_create[{number}]."
    if (rate.metered_item is None) is (rate.metered_item_data is None):
        raise refused(
            "parameter_invalid", "a rate names a metered_item or metered_item_data", param=f"{at}metered_item"
        )
    if rate.metered_item is not None:
        with telling({NotFound: NO_ITEM._replace(param=f"{at}metered_item")}):
            return ours("billable_item", rate.metered_item)
    data: Any = rate.metered_item_data
    return create_from(engine, data, data, actor=actor, at=f"{at}metered_item_data.").id
