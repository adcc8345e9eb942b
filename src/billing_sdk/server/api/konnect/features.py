"""Features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AfterValidator, Discriminator, Field, Tag
from starlette.responses import Response

from billing_sdk.errors import FeatureInUse, Forbidden, InvalidRequest
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.filters import STRING, ulid_of as by_ulid
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.llm_prices import PricingView
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.usage_filters import DimensionAsked, as_sent, filters_of
from billing_sdk.server.api.konnect.values import (
    ULID_IN_PATH,
    Description,
    Labels,
    Name,
    Numeric,
    ResourceKey,
    Ulid,
)
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.costs import Pricing, TokenType
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.feature_cost import pricing_of
from billing_sdk.server.usecases.konnect_features import (
    ChosenFeature,
    KnownFeature,
    choose_feature,
    drop_feature,
    feature_known_as,
    known_features,
    set_unit_cost,
)
from billing_sdk.server.usecases.llm_prices import price_book
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Features"], route_class=KonnectRoute)

LISTED = Listing(
    filters={"key": STRING, "name": STRING, "meter_id": by_ulid("meter")},
    sorts=("key", "name", "updated_at", "created_at"),
)


def _feature_id(ulid: str) -> str:
    return id_from_ulid("feature", ulid)


FeatureId = Annotated[str, ULID_IN_PATH, AfterValidator(_feature_id)]


class ManualCost(Body):
    """So much for each unit, in US dollars."""

    type: Literal["manual"]
    amount: Numeric


class LLMCost(Body):
    """What a model's provider asks for each token; each part is fixed, or read from a dimension."""

    type: Literal["llm"]
    provider_property: str | None = None
    provider: str | None = None
    model_property: str | None = None
    model: str | None = None
    token_type_property: str | None = None
    token_type: TokenType | None = None


def _type_of(sent: Any) -> Any:
    return sent.get("type") if isinstance(sent, dict) else getattr(sent, "type", None)


UnitCost = Annotated[Annotated[ManualCost, Tag("manual")] | Annotated[LLMCost, Tag("llm")], Discriminator(_type_of)]


class MeterReference(Body):
    """The meter of a feature, and which of its usage is the feature's."""

    id: Ulid
    filters: dict[str, DimensionAsked] | None = Field(default=None, max_length=10)


class NewFeature(Body):
    """A feature that is to be made."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    key: ResourceKey
    meter: MeterReference | None = None
    unit_cost: UnitCost | None = None


class FeatureChange(Body):
    """What may change of a feature; null takes the cost away."""

    nullable = frozenset({"unit_cost"})

    unit_cost: UnitCost | None = None


class MeterReferenceView(View):
    """The meter of a feature."""

    id: str
    filters: dict[str, Any] | None = None


class FeatureView(Resource):
    """A feature."""

    key: str
    meter: MeterReferenceView | None = None
    unit_cost: dict[str, Any] | None = None

    @classmethod
    def of(cls, known: KnownFeature, pricing: Pricing | None) -> FeatureView:
        """Show a feature, with what the tokens of its model cost where that is one model's."""
        more = known.extras.more
        cost: dict[str, Any] = more.get("unit_cost", {})
        if pricing is not None:
            cost = {**cost, "pricing": PricingView.of(pricing).model_dump(exclude_none=True)}
        meter = (
            None
            if known.meter_id is None
            else MeterReferenceView(id=ulid_of(known.meter_id), filters=more.get("filters"))
        )
        return cls(
            **resource_of(known.id, known.extras, name=known.name, created_at=known.extras.created_at),
            key=known.key,
            meter=meter,
            unit_cost=cost or None,
        )


def _shown(engine: Engine, *features: KnownFeature) -> list[FeatureView]:
    with engine.read() as tx:
        book = price_book(tx)
    return [FeatureView.of(one, pricing_of(one, book, at=engine.now())) for one in features]


@router.post(
    "/features", name="create-feature", status_code=201, response_model=FeatureView, **scoped("create:billing_features")
)
def create_feature(caller: CallerOf, body: NewFeature, once: OnlyOnce) -> Response:
    """Make a feature."""
    cost = _checked_cost(body.unit_cost)
    filters = body.meter.filters if body.meter is not None and body.meter.filters else {}

    def serve(engine: Engine) -> FeatureView:
        chosen = ChosenFeature(
            key=body.key,
            name=body.name,
            meter_id=None if body.meter is None else id_from_ulid("meter", body.meter.id),
            filters=filters_of(filters),
            filters_sent=as_sent(filters) or None,
            unit_cost=cost or None,
            description=body.description,
            labels=body.labels or {},
        )
        return _shown(engine, choose_feature(engine, chosen, actor=caller.client_id))[0]

    return once(serve, body, status=201)


@router.get("/features", name="list-features", **scoped("read:billing_features", lists=LISTED))
def list_features(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[FeatureView]:
    """List the features that were not deleted."""
    with engine.read() as tx:
        known = known_features(tx)
    found = [one for one in known if all_hold(wanted.conditions, lambda field, one=one: getattr(one, field))]  # type: ignore[misc]
    ordered = in_order(found, wanted.order, getattr)
    return paged(_shown(engine, *wanted.page.cut(ordered)), wanted.page, len(found))


@router.get("/features/{feature_id}", name="get-feature", **scoped("read:billing_features"))
def get_feature(engine: EngineOf, feature_id: FeatureId) -> FeatureView:
    """Get a feature, also a deleted one."""
    with engine.read() as tx:
        known = feature_known_as(tx, feature_id)
    return _shown(engine, known)[0]


@router.patch(
    "/features/{feature_id}", name="update-feature", response_model=FeatureView, **scoped("update:billing_features")
)
def update_feature(caller: CallerOf, feature_id: FeatureId, body: FeatureChange, once: OnlyOnce) -> Response:
    """Change what a unit of a feature costs."""
    cost = _checked_cost(body.unit_cost)
    is_given = "unit_cost" in body.model_fields_set

    def serve(engine: Engine) -> FeatureView:
        if is_given:
            return _shown(engine, set_unit_cost(engine, feature_id, cost, actor=caller.client_id))[0]
        with engine.read() as tx:
            known = feature_known_as(tx, feature_id)
        return _shown(engine, known)[0]

    return once(serve, body)


@router.delete("/features/{feature_id}", name="delete-feature", status_code=204, **scoped("delete:billing_features"))
def delete_feature(caller: CallerOf, feature_id: FeatureId, once: OnlyOnce) -> Response:
    """Delete a feature that no plan includes."""

    def serve(engine: Engine) -> None:
        try:
            drop_feature(engine, feature_id, actor=caller.client_id)
        except FeatureInUse as error:
            raise Forbidden(error.detail) from None  # as published

    return once(serve, status=204)


def _checked_cost(cost: ManualCost | LLMCost | None) -> dict[str, Any] | None:
    """Return a cost as it is kept.

    Raises:
        InvalidRequest: a part of it is both fixed and read from a dimension, or neither.
    """
    if cost is None:
        return None
    if isinstance(cost, LLMCost):
        for part in ("provider", "model", "token_type"):
            if (getattr(cost, part) is None) is (getattr(cost, f"{part}_property") is None):
                raise InvalidRequest(
                    f"either {part} or {part}_property is given",
                    parameter=f"unit_cost.{part}",
                    rule="dependent_fields",
                    dependents=(f"unit_cost.{part}_property",),
                )
    elif cost.amount < 0:
        raise InvalidRequest("a unit costs nothing or more", parameter="unit_cost.amount")
    return cost.model_dump(mode="json", exclude_none=True)
