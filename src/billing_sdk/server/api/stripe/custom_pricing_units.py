"""Custom pricing units of v2."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import CustomUnitId, ours, path_id
from billing_sdk.server.api.stripe.lookup_keys import LookupKeys, refusing_taken
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Flag, Instant, Livemode, LookupKey, Metadata, merged
from billing_sdk.server.domain.catalog import CustomUnit
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.custom_units import create_custom_unit, update_custom_unit
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ, CREATE, UPDATE = "read:billing_plans", "create:billing_plans", "update:billing_plans"
# As many units as anybody has; they are looked through for each page.
MOST_UNITS = 500

UnitName = Annotated[str, Field(min_length=1, max_length=10)]


class NewCustomPricingUnit(Body):
    """A unit."""

    display_name: UnitName
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class CustomPricingUnitChange(Body):
    """What can change of a unit; what is left out stays."""

    active: bool | None = None
    display_name: UnitName | None = None
    lookup_key: Annotated[str, Field(max_length=200)] | None = None
    metadata: Metadata | None = None


class UnitFilters(Filters):
    """What units can be filtered by."""

    active: Flag | None = None
    lookup_keys: LookupKeys | None = None


UNITS = Listing(UnitFilters)


class CustomPricingUnitView(View):
    """A unit."""

    id: CustomUnitId
    object: Literal["v2.billing.custom_pricing_unit"] = "v2.billing.custom_pricing_unit"
    active: bool
    created: Instant
    display_name: str
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]

    @classmethod
    def of(cls, unit: CustomUnit) -> CustomPricingUnitView:
        """Show a unit."""
        return cls(
            id=unit.id,
            active=unit.is_active,
            created=unit.created_at,
            display_name=unit.name,
            lookup_key=unit.lookup_key,
            metadata=dict(unit.metadata),
        )


@router.post("/billing/custom_pricing_units", **v2(CREATE))
def create_custom_pricing_unit(caller: CallerOf, body: NewCustomPricingUnit, once: OnlyOnce) -> Response:
    """Make a unit that usage can be priced in."""

    def serve(engine: Engine) -> View:
        with refusing_taken():
            made = create_custom_unit(
                engine,
                name=body.display_name,
                lookup_key=body.lookup_key,
                metadata=merged({}, body.metadata),
                actor=caller.client_id,
            )
        return CustomPricingUnitView.of(made)

    return once(serve, body, again=_as_it_is)


@router.get("/billing/custom_pricing_units", **v2(READ))
def list_custom_pricing_units(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[UnitFilters], Depends(UNITS)]
) -> Response:
    """List units, the oldest first."""
    filters = wanted.filters
    with engine.read() as tx:
        found = tx.custom_units.list(
            PageRequest(page_size=MOST_UNITS), lookup_keys=filters.lookup_keys, is_active=filters.active
        )
    return answer(wanted.page(found.items, CustomPricingUnitView.of, place_of=lambda unit: unit.id))


@router.get("/billing/custom_pricing_units/{custom_pricing_unit_id}", **v2(READ))
def get_custom_pricing_unit(
    engine: EngineOf, answer: Answering, custom_pricing_unit_id: Annotated[str, path_id("custom_pricing_unit")]
) -> Response:
    """Get a unit."""
    with engine.read() as tx:
        return answer(CustomPricingUnitView.of(tx.custom_units.get(custom_pricing_unit_id)))


@router.post("/billing/custom_pricing_units/{custom_pricing_unit_id}", **v2(UPDATE))
def update_custom_pricing_unit(
    caller: CallerOf,
    custom_pricing_unit_id: Annotated[str, path_id("custom_pricing_unit")],
    body: CustomPricingUnitChange,
    once: OnlyOnce,
) -> Response:
    """Change what is given of a unit; one that is not active keeps its prices and grants."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.custom_units.get(custom_pricing_unit_id)
        given = body.model_fields_set
        with refusing_taken():
            changed = update_custom_unit(
                engine,
                unit_id=before.id,
                name=body.display_name,
                is_active=body.active,
                lookup_key=(body.lookup_key or "") if "lookup_key" in given else None,
                metadata=merged(before.metadata, body.metadata) if "metadata" in given else None,
                actor=caller.client_id,
            )
        return CustomPricingUnitView.of(changed)

    return once(serve, body, again=_as_it_is)


def _as_it_is(engine: Engine, shown_id: str) -> View:
    with engine.read() as tx:
        return CustomPricingUnitView.of(tx.custom_units.get(ours("custom_pricing_unit", shown_id)))
