"""Prices of language models: what is built in, with what somebody has put before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AfterValidator
from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.filters import TEXT
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.values import ULID_IN_PATH, CurrencyCode, Instant, Numeric
from billing_sdk.server.domain.costs import LLMPrice, Pricing, provider_name
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.storage.konnect_customers import Order
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.llm_prices import drop_llm_price, llm_price, override_llm_price, price_book
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["LLM Cost"], route_class=KonnectRoute)

# What lists can be asked, and sorted by.
VALUES: dict[str, Callable[[LLMPrice], Any]] = {
    "id": lambda price: ulid_of(price.id),
    "provider": lambda price: price.provider,
    "provider.id": lambda price: price.provider,
    "model_id": lambda price: price.model_id,
    "model.id": lambda price: price.model_id,
    "model_name": lambda price: price.model_name or price.model_id,
    "currency": lambda price: price.currency,
    "source": lambda price: price.source,
    "effective_from": lambda price: price.effective_from,
    "effective_to": lambda price: price.effective_to,
}
FILTERS = dict.fromkeys(("provider", "model_id", "model_name", "currency", "source"), TEXT)
BY_MODEL = Order("model.id")
LISTED = Listing(
    filters=FILTERS, sorts=("id", "provider.id", "model.id", "effective_from", "effective_to"), order=BY_MODEL
)
OVERRIDES = Listing(filters=FILTERS, order=BY_MODEL)


def _price_id(ulid: str) -> str:
    return id_from_ulid("llm_price", ulid)


PriceId = Annotated[str, ULID_IN_PATH, AfterValidator(_price_id)]


class PricingBody(Body):
    """What tokens cost, in US dollars each."""

    input_per_token: Numeric
    output_per_token: Numeric
    cache_read_per_token: Numeric | None = None
    cache_write_per_token: Numeric | None = None
    reasoning_per_token: Numeric | None = None


class NewOverride(Body):
    """A price that goes before what is built in."""

    provider: str
    model_id: str
    model_name: str | None = None
    pricing: PricingBody
    currency: CurrencyCode
    effective_from: Instant
    effective_to: Instant | None = None


class NamedView(View):
    """A provider or a model."""

    id: str
    name: str


class PricingView(View):
    """What tokens cost, in US dollars each."""

    input_per_token: Numeric
    output_per_token: Numeric
    cache_read_per_token: Numeric | None = None
    cache_write_per_token: Numeric | None = None
    reasoning_per_token: Numeric | None = None

    @classmethod
    def of(cls, pricing: Pricing) -> PricingView:
        """Show prices."""
        return cls(**{field.name: getattr(pricing, field.name) for field in fields(pricing)})


class PriceView(View):
    """What a provider asks for a model."""

    id: str
    provider: NamedView
    model: NamedView
    pricing: PricingView
    currency: str
    source: Literal["manual", "system"]
    effective_from: Instant
    created_at: Instant
    updated_at: Instant
    effective_to: Instant | None = None

    @classmethod
    def of(cls, price: LLMPrice) -> PriceView:
        """Show a price."""
        return cls(
            id=ulid_of(price.id),
            provider=NamedView(id=price.provider, name=provider_name(price.provider)),
            model=NamedView(id=price.model_id, name=price.model_name or price.model_id),
            pricing=PricingView.of(price.pricing),
            currency=price.currency,
            source=price.source,
            effective_from=price.effective_from,
            created_at=price.created_at,
            updated_at=price.updated_at,
            effective_to=price.effective_to,
        )


@router.get("/llm-cost/prices", name="list-llm-cost-prices", **scoped("read:billing_features", lists=LISTED))
def list_prices(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[PriceView]:
    """List the price of each model as it is at present: the override where there is one."""
    with engine.read() as tx:
        found = price_book(tx).in_force(engine.now())
    return _page(found, wanted)


@router.get("/llm-cost/prices/{price_id}", name="get-llm-cost-price", **scoped("read:billing_features"))
def get_price(engine: EngineOf, price_id: PriceId) -> PriceView:
    """Get a price: one that is built in, or an override."""
    with engine.read() as tx:
        return PriceView.of(llm_price(tx, price_id))


@router.get("/llm-cost/overrides", name="list-llm-cost-overrides", **scoped("read:billing_features", lists=OVERRIDES))
def list_overrides(engine: EngineOf, wanted: Annotated[Wanted, Depends(OVERRIDES)]) -> Paged[PriceView]:
    """List what was put before the prices that are built in, whether it is in force or not."""
    with engine.read() as tx:
        found = tx.llm_prices.list()
    return _page(found, wanted)


@router.post(
    "/llm-cost/overrides",
    name="create-llm-cost-override",
    status_code=201,
    response_model=PriceView,
    **scoped("update:billing_features"),
)
def create_override(caller: CallerOf, body: NewOverride, once: OnlyOnce) -> Response:
    """Put a price of a model before the one that is built in; an override of the model becomes this one."""
    pricing = Pricing(**{name: getattr(body.pricing, name) for name in PricingBody.model_fields})

    def serve(engine: Engine) -> PriceView:
        price = override_llm_price(
            engine,
            provider=body.provider,
            model_id=body.model_id,
            pricing=pricing,
            effective_from=body.effective_from,
            effective_to=body.effective_to,
            model_name=body.model_name,
            currency=body.currency,
            actor=caller.client_id,
        )
        return PriceView.of(price)

    return once(serve, body, status=201)


@router.delete(
    "/llm-cost/overrides/{price_id}",
    name="delete-llm-cost-override",
    status_code=204,
    **scoped("update:billing_features"),
)
def delete_override(caller: CallerOf, price_id: PriceId, once: OnlyOnce) -> Response:
    """Let the price hold again that is built in."""

    def serve(engine: Engine) -> None:
        drop_llm_price(engine, price_id, actor=caller.client_id)

    return once(serve, status=204)


def _page(prices: Iterable[LLMPrice], wanted: Wanted) -> Paged[PriceView]:
    found = [one for one in prices if all_hold(wanted.conditions, lambda field, one=one: VALUES[field](one))]  # type: ignore[misc]
    ordered = in_order(found, wanted.order, lambda price, field: VALUES[field](price))
    return paged([PriceView.of(one) for one in wanted.page.cut(ordered)], wanted.page, len(found))
