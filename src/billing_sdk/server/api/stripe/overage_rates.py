"""Overage rates of v2: what a rate card charges for custom pricing units that no grant covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import BillingError, Conflict, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import (
    BillableItemId,
    CustomUnitId,
    OverageRateId,
    RateCardId,
    RateCardVersionId,
    ours,
    path_id,
    unknown,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import DecimalText, Instant, Livemode, Metadata, merged
from billing_sdk.server.domain.catalog import OneTimeItem, OverageRate, RateCard
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.overage_rates import add_overage_rate, delete_overage_rate
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

PATH = "/billing/rate_cards/{rate_card_id}/custom_pricing_unit_overage_rates"
KIND: Final = "custom_pricing_unit_overage_rate"
READ, UPDATE = "read:billing_plans", "update:billing_plans"
CODES: Mapping[type[BillingError], str] = {NotFound: "rate_card_not_found"}

CardIdOf = Annotated[str, path_id("rate_card")]
RateIdOf = Annotated[str, path_id(KIND, "rate_id")]


class NewOverageRate(Body):
    """What a unit costs that no grant covers."""

    custom_pricing_unit: str
    one_time_item: str
    unit_amount: Annotated[DecimalText, Field(ge=0)]
    metadata: Metadata | None = None


class OverageRateFilters(Filters):
    """Of which version of the card; the latest by default."""

    rate_card_version: str | None = None


OVERAGE_RATES = Listing(OverageRateFilters)


class OneTimeItemView(View):
    """The item that an invoice names."""

    id: BillableItemId
    object: Literal["v2.billing.one_time_item"] = "v2.billing.one_time_item"
    created: Instant
    display_name: str
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    tax_details: dict[str, str] | None
    unit_label: str | None

    @classmethod
    def of(cls, item: OneTimeItem) -> OneTimeItemView:
        """Show an item."""
        return cls(
            id=item.id,
            created=item.created_at,
            display_name=item.name,
            lookup_key=item.lookup_key,
            metadata=dict(item.metadata),
            tax_details=None if item.tax_code is None else {"tax_code": item.tax_code},
            unit_label=item.unit_label or None,
        )


class OverageRateView(View):
    """An overage rate."""

    id: OverageRateId
    object: Literal["v2.billing.rate_card_custom_pricing_unit_overage_rate"] = (
        "v2.billing.rate_card_custom_pricing_unit_overage_rate"
    )
    created: Instant
    custom_pricing_unit: CustomUnitId
    livemode: Livemode = None
    metadata: dict[str, str]
    one_time_item: OneTimeItemView
    rate_card: RateCardId
    rate_card_version: RateCardVersionId
    unit_amount: DecimalText

    @classmethod
    def of(cls, card: RateCard, rate: OverageRate) -> OverageRateView:
        """Show an overage rate of a card, with the version that it came with."""
        version = next(one for one in card.versions.all if one.number == rate.since)
        return cls(
            id=rate.id,
            created=rate.created_at,
            custom_pricing_unit=rate.unit.id,
            metadata=dict(rate.metadata),
            one_time_item=OneTimeItemView.of(rate.item),
            rate_card=card.id,
            rate_card_version=version.id,
            unit_amount=rate.unit_amount,
        )


class DeletedOverageRate(View):
    """What is left of an overage rate."""

    id: OverageRateId
    object: Literal["v2.billing.rate_card_custom_pricing_unit_overage_rate"] = (
        "v2.billing.rate_card_custom_pricing_unit_overage_rate"
    )


@router.post(PATH, **v2(UPDATE, codes=CODES))
def create_overage_rate(caller: CallerOf, rate_card_id: CardIdOf, body: NewOverageRate, once: OnlyOnce) -> Response:
    """Price units that no grant covers; a unit that is priced already has its new price in a new version."""
    unit_id = ours("custom_pricing_unit", body.custom_pricing_unit, param="custom_pricing_unit")
    item_id = ours("billable_item", body.one_time_item, param="one_time_item")

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            _check(tx, unit_id, item_id, body)
        try:
            card, rate = add_overage_rate(
                engine,
                card_id=rate_card_id,
                unit_id=unit_id,
                item_id=item_id,
                unit_amount=body.unit_amount,
                metadata=merged({}, body.metadata),
                actor=caller.client_id,
            )
        except Conflict as error:  # the card, or the unit, is not in use
            raise refused("rate_card_inactive_error", error.detail, remedy=error.remedy) from None
        return OverageRateView.of(card, rate)

    def again(engine: Engine, shown_id: str) -> View:
        with engine.read() as tx:
            return _view(tx, rate_card_id, ours(KIND, shown_id))

    return once(serve, body, again=again)


@router.get(PATH, **v2(READ, codes=CODES))
def list_overage_rates(
    engine: EngineOf,
    answer: Answering,
    rate_card_id: CardIdOf,
    wanted: Annotated[Wanted[OverageRateFilters], Depends(OVERAGE_RATES)],
) -> Response:
    """List the overage rates of a version of a card."""
    named = wanted.filters.rate_card_version
    version = "latest" if named is None else ours("rate_card_version", named, param="rate_card_version")
    with engine.read() as tx:
        card = tx.rate_cards.get(rate_card_id)
    rates = card.overage_rates_of(version)
    return answer(wanted.page(rates, lambda rate: OverageRateView.of(card, rate), place_of=lambda rate: rate.id))


@router.get(PATH + "/{rate_id}", **v2(READ, codes=CODES))
def get_overage_rate(engine: EngineOf, answer: Answering, rate_card_id: CardIdOf, rate_id: RateIdOf) -> Response:
    """Get an overage rate, also one that later versions of the card do not have."""
    with engine.read() as tx:
        return answer(_view(tx, rate_card_id, rate_id))


@router.delete(PATH + "/{rate_id}", **v2(UPDATE, codes=CODES))
def remove_overage_rate(caller: CallerOf, rate_card_id: CardIdOf, rate_id: RateIdOf, once: OnlyOnce) -> Response:
    """Leave an overage rate out of a new version of the card."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            _view(tx, rate_card_id, rate_id)
            if all(one.id != rate_id for one in tx.rate_cards.get(rate_card_id).overage_rates_of("latest")):
                raise refused("rate_card_rate_delete_inactive", "the latest version of the rate card does not have it")
        delete_overage_rate(engine, card_id=rate_card_id, rate_id=rate_id, actor=caller.client_id)
        return DeletedOverageRate(id=rate_id)

    return once(serve)


def _view(tx: UnitOfWork, card_id: str, rate_id: str) -> View:
    card = tx.rate_cards.get(card_id)
    for rate in card.overage_rates:
        if rate.id == rate_id:
            return OverageRateView.of(card, rate)
    raise unknown(KIND, rate_id)


def _check(tx: UnitOfWork, unit_id: str, item_id: str, body: NewOverageRate) -> None:
    """Let what a body names pass that is there, so that a refusal says which of them is not."""
    try:
        tx.custom_units.get(unit_id)
    except NotFound:
        raise unknown("custom_pricing_unit", body.custom_pricing_unit, param="custom_pricing_unit") from None
    try:
        tx.items.get_one_time(item_id)
    except NotFound:
        raise unknown("billable_item", body.one_time_item, param="one_time_item") from None
