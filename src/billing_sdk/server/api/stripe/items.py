"""Items of v2: what usage is of (metered), what licences are of (licensed), and what is charged once (one-time).

The three share the form of their ids. What a metered item measures never changes: its meter, and the values that the
meter's dimensions must have.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import BillingError, InvalidRequest, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import BillableItemId, MeterId, ours, path_id
from billing_sdk.server.api.stripe.labels import (
    TAKEN,
    LookupFilters,
    Name,
    TaxDetails,
    TaxDetailsView,
    Unit,
    keep_tax_code,
    shown_page,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode, LookupKey, Metadata, merged
from billing_sdk.server.domain.catalog import LicensedItem, MeteredItem, OneTimeItem
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.create_item import create_metered_item
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.metered_features import feature_of_meter, meters_of_items
from billing_sdk.server.usecases.update_item import update_metered_item
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

Item = TypeVar("Item", MeteredItem, LicensedItem, OneTimeItem)
ItemPath = Annotated[str, path_id("billable_item", "item_id")]
ITEMS = Listing(LookupFilters)
METERED_CODES: dict[type[BillingError], str] = {NotFound: "metered_item_not_found"}
LICENSED_CODES: dict[type[BillingError], str] = {NotFound: "licensed_item_not_found"}
ONE_TIME_CODES: dict[type[BillingError], str] = {NotFound: "one_time_item_not_found"}
# What the engine calls some members in its refusals, and what they are called here.
NAMES = {"conditions": "meter_segment_conditions", "shown_dimensions": "invoice_presentation_dimensions"}


class ConditionBody(Body):
    """The value that a dimension of usage has to have."""

    dimension: Annotated[str, Field(min_length=1, max_length=100)]
    value: Annotated[str, Field(min_length=1, max_length=200)]


class ConditionView(View):
    """The value that a dimension of usage has to have."""

    dimension: str
    value: str


class ItemChange(Body):
    """What can be changed of an item."""

    display_name: Name | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None
    tax_details: TaxDetails | None = None
    unit_label: Unit | None = None


class NewItem(ItemChange):
    """An item that is billed by no meter."""

    display_name: Name


class MeterChoice(Body):
    """What a metered item measures; part of other bodies."""

    meter: str
    meter_segment_conditions: Annotated[list[ConditionBody], Field(max_length=10)] | None = None

    @property
    def conditions(self) -> dict[str, str]:
        """The value of each dimension.

        Raises:
            BillingError: a dimension is named twice.
        """
        given = self.meter_segment_conditions or []
        found = {one.dimension: one.value for one in given}
        if len(found) < len(given):
            raise refused("parameter_invalid", "a dimension is named twice", param="meter_segment_conditions")
        return found


class NewMeteredItem(NewItem, MeterChoice):
    """A metered item."""

    invoice_presentation_dimensions: Annotated[list[str], Field(max_length=10)] | None = None


class ItemView(View):
    """What all items show."""

    id: BillableItemId
    created: Instant
    display_name: str
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    tax_details: TaxDetailsView | None
    unit_label: str | None


class LicensedItemView(ItemView):
    """A licensed item."""

    object: Literal["v2.billing.licensed_item"] = "v2.billing.licensed_item"

    @classmethod
    def of(cls, item: LicensedItem) -> LicensedItemView:
        """Show a licensed item."""
        return cls(**_members(item))


class OneTimeItemView(ItemView):
    """A one-time item."""

    object: Literal["v2.billing.one_time_item"] = "v2.billing.one_time_item"

    @classmethod
    def of(cls, item: OneTimeItem) -> OneTimeItemView:
        """Show a one-time item."""
        return cls(**_members(item))


class MeteredItemView(ItemView):
    """A metered item."""

    object: Literal["v2.billing.metered_item"] = "v2.billing.metered_item"
    invoice_presentation_dimensions: list[str]
    meter: MeterId
    meter_segment_conditions: list[ConditionView]

    @classmethod
    def of(cls, item: MeteredItem, meter_id: str) -> MeteredItemView:
        """Show a metered item with the meter that its feature is measured by."""
        conditions = [ConditionView(dimension=name, value=value) for name, value in item.conditions]
        return cls(
            **_members(item),
            invoice_presentation_dimensions=list(item.shown_dimensions),
            meter=meter_id,
            meter_segment_conditions=conditions,
        )


def _members(item: MeteredItem | LicensedItem | OneTimeItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "created": item.created_at,
        "display_name": item.name,
        "lookup_key": item.lookup_key,
        "metadata": dict(item.metadata),
        "tax_details": None if item.tax_code is None else TaxDetailsView(tax_code=item.tax_code),
        "unit_label": item.unit_label or None,
    }


def show_metered(tx: UnitOfWork, item: MeteredItem) -> MeteredItemView:
    """Show a metered item."""
    return MeteredItemView.of(item, meters_of_items(tx, [item])[item.id])


def members_of(engine: Engine, body: NewItem, actor: str) -> dict[str, Any]:
    """Return what creating any item is given."""
    return {
        "name": body.display_name,
        "unit_label": body.unit_label or "",
        "lookup_key": body.lookup_key,
        "metadata": merged({}, body.metadata),
        "tax_code": keep_tax_code(engine, body.tax_details, actor=actor),
        "actor": actor,
    }


def changes_of(engine: Engine, body: ItemChange, before: Item, actor: str) -> dict[str, Any]:
    """Return what updating any item is given; a member that was sent as null is taken away.

    Raises:
        BillingError: an item is to have no name.
    """
    given = body.model_fields_set
    if "display_name" in given and body.display_name is None:
        raise refused("parameter_invalid_empty", "an item has a name", param="display_name")
    tax_code = keep_tax_code(engine, body.tax_details, actor=actor) or ""
    return {
        "item_id": before.id,
        "name": body.display_name,
        "unit_label": body.unit_label or "" if "unit_label" in given else None,
        "lookup_key": body.lookup_key or "" if "lookup_key" in given else None,
        "metadata": merged(before.metadata, body.metadata) if "metadata" in given else None,
        "tax_code": tax_code if "tax_details" in given else None,
        "actor": actor,
    }


def create_from(engine: Engine, body: NewItem, choice: MeterChoice, *, actor: str, at: str = "") -> MeteredItem:
    """Make a metered item.

    Args:
        engine: the engine.
        body: what it is called.
        choice: what it measures.
        actor: who makes it.
        at: where the two stand, such as `rates_to_create[3].metered_item_data.`, for refusals.

    Raises:
        BillingError: it can't be made, or there is no such meter.
    """
    with telling({NotFound: Refusal("meter_not_found", 404, f"{at}meter")}):
        meter_id = ours("meter", choice.meter)
        with engine.read() as tx:
            feature_key = feature_of_meter(tx, meter_id, choice.conditions)
    shown = body.invoice_presentation_dimensions if isinstance(body, NewMeteredItem) else None
    try:
        with telling({kind: told._replace(param=f"{at}{told.param}") for kind, told in TAKEN.items()}):
            return create_metered_item(
                engine,
                **members_of(engine, body, actor),
                feature_key=feature_key,
                conditions=choice.conditions,
                shown_dimensions=shown or (),
            )
    except InvalidRequest as error:
        member = error.facts.get("parameter")
        if member not in NAMES:
            raise
        raise refused("parameter_invalid", error.detail, param=f"{at}{NAMES[member]}") from error


@router.post("/billing/metered_items", **v2("create:billing_plans", codes=METERED_CODES))
def create_metered(caller: CallerOf, body: NewMeteredItem, once: OnlyOnce) -> Response:
    """Name something that is billed by its usage."""

    def serve(engine: Engine) -> View:
        item = create_from(engine, body, body, actor=caller.client_id)
        with engine.read() as tx:
            return show_metered(tx, item)

    return once(serve, body, again=_metered_again)


@router.get("/billing/metered_items", **v2("read:billing_plans"))
def list_metered(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[LookupFilters], Depends(ITEMS)]
) -> Response:
    """List metered items, the newest first."""
    with engine.read() as tx:
        meters: dict[str, str] = {}

        def read(page: Any) -> Any:
            found = tx.items.list_metered(page, lookup_keys=wanted.filters.lookup_keys)
            meters.update(meters_of_items(tx, found.items))
            return found

        return answer(
            shown_page(wanted, read, lambda item: MeteredItemView.of(item, meters[item.id]), lambda item: str(item.id))
        )


@router.get("/billing/metered_items/{item_id}", **v2("read:billing_plans", codes=METERED_CODES))
def get_metered(engine: EngineOf, answer: Answering, item_id: ItemPath) -> Response:
    """Get a metered item."""
    with engine.read() as tx:
        return answer(show_metered(tx, tx.items.get_metered(item_id)))


@router.post("/billing/metered_items/{item_id}", **v2("update:billing_plans", codes=METERED_CODES))
def update_metered(caller: CallerOf, item_id: ItemPath, body: ItemChange, once: OnlyOnce) -> Response:
    """Change what is given of a metered item."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.items.get_metered(item_id)
        with telling(TAKEN):
            item = update_metered_item(engine, **changes_of(engine, body, before, caller.client_id))
        with engine.read() as tx:
            return show_metered(tx, item)

    return once(serve, body, again=_metered_again)


def _metered_again(engine: Engine, item_id: str) -> View:
    with engine.read() as tx:
        return show_metered(tx, tx.items.get_metered(ours("billable_item", item_id)))
