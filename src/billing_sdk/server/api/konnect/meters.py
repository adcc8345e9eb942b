"""Meters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AfterValidator, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute
from billing_sdk.server.api.konnect.filters import STRING
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.values import ULID_IN_PATH, Description, Instant, Labels, Name, ResourceKey
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.metering import Aggregation, Meter
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_meters import ChosenMeter, change_meter, choose_meter, drop_meter, known_meters
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Meters"], route_class=KonnectRoute)

LISTED = Listing(
    filters={"key": STRING, "name": STRING}, sorts=("key", "name", "aggregation", "updated_at", "created_at")
)
Wording = Literal["sum", "count", "unique_count", "avg", "min", "max", "latest"]
OURS: dict[str, Aggregation] = {
    "sum": "sum",
    "count": "count",
    "unique_count": "unique_count",
    "avg": "average",
    "min": "minimum",
    "max": "maximum",
    "latest": "latest",
}
THEIRS: dict[str, str] = {ours: theirs for theirs, ours in OURS.items()}
Path = Annotated[str, Field(min_length=1, max_length=255)]


def _meter_id(ulid: str) -> str:
    return id_from_ulid("meter", ulid)


MeterId = Annotated[str, ULID_IN_PATH, AfterValidator(_meter_id)]


class MeterWords(Body):
    """What can be said of a meter."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None


class NewMeter(MeterWords):
    """A meter that is to be made."""

    key: ResourceKey
    aggregation: Wording
    event_type: Annotated[str, Field(min_length=1, max_length=255)]
    events_from: Instant | None = None
    value_property: Path | None = None
    dimensions: dict[str, Path] | None = None


class MeterChange(Body):
    """What may change of a meter; what is left out stays."""

    name: Name | None = None
    description: Description | None = None
    labels: Labels | None = None
    dimensions: dict[str, Path] | None = None


class MeterView(Resource):
    """A meter."""

    key: str
    aggregation: str
    event_type: str
    events_from: Instant | None = None
    value_property: str | None = None
    dimensions: dict[str, str] | None = None

    @classmethod
    def of(cls, meter: Meter, extras: Extras | None) -> MeterView:
        """Show a meter."""
        return cls(
            **resource_of(meter.id, extras, name=meter.name, created_at=meter.created_at),
            key=meter.key,
            aggregation=THEIRS.get(meter.aggregation, "sum"),
            event_type=meter.event_type,
            events_from=(extras.more if extras is not None else {}).get("events_from"),
            value_property=meter.value_path,
            dimensions=dict(meter.dimensions) or None,
        )


@router.post(
    "/meters", name="create-meter", status_code=201, response_model=MeterView, **scoped("create:billing_meters")
)
def create_meter(caller: CallerOf, body: NewMeter, once: OnlyOnce) -> Response:
    """Make a meter; it counts what was reported before it, too."""
    if (body.value_property is None) != (body.aggregation == "count"):
        raise InvalidRequest(
            "a count has no value property, and every other aggregation has one",
            parameter="value_property",
            rule="required" if body.value_property is None else "invalid",
        )

    def serve(engine: Engine) -> MeterView:
        chosen = ChosenMeter(
            key=body.key,
            name=body.name,
            event_type=body.event_type,
            aggregation=OURS[body.aggregation],
            value_path=body.value_property,
            dimensions=body.dimensions or {},
            description=body.description,
            labels=body.labels or {},
            events_from=body.events_from,
        )
        return MeterView.of(*choose_meter(engine, chosen, actor=caller.client_id))

    return once(serve, body, status=201)


@router.get("/meters", name="list-meters", **scoped("read:billing_meters", lists=LISTED))
def list_meters(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[MeterView]:
    """List the meters that were not deleted."""
    with engine.read() as tx:
        views = [MeterView.of(meter, extras) for meter, extras in known_meters(tx)]
    found = [view for view in views if all_hold(wanted.conditions, lambda field, view=view: getattr(view, field))]  # type: ignore[misc]
    ordered = in_order(found, wanted.order, getattr)
    return paged(wanted.page.cut(ordered), wanted.page, len(found))


@router.get("/meters/{meter_id}", name="get-meter", **scoped("read:billing_meters"))
def get_meter(engine: EngineOf, meter_id: MeterId) -> MeterView:
    """Get a meter, also a deleted one."""
    with engine.read() as tx:
        return MeterView.of(meter_of(tx, meter_id), tx.konnect.find("meter", meter_id))


@router.put("/meters/{meter_id}", name="update-meter", response_model=MeterView, **scoped("update:billing_meters"))
def update_meter(caller: CallerOf, meter_id: MeterId, body: MeterChange, once: OnlyOnce) -> Response:
    """Change what a meter is called, and by what it tells usage apart."""

    def serve(engine: Engine) -> MeterView:
        given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
        return MeterView.of(*change_meter(engine, meter_id, given, actor=caller.client_id))

    return once(serve, body)


@router.delete("/meters/{meter_id}", name="delete-meter", status_code=204, **scoped("update:billing_meters"))
def delete_meter(caller: CallerOf, meter_id: MeterId, once: OnlyOnce) -> Response:
    """Delete a meter that no feature is measured by; it counts nothing more."""

    def serve(engine: Engine) -> None:
        drop_meter(engine, meter_id, actor=caller.client_id)

    return once(serve, status=204)


def meter_of(tx: UnitOfWork, meter_id: str) -> Meter:
    """Return a meter.

    Raises:
        NotFound: there is none with this id.
    """
    meter = tx.meters.find(meter_id)
    if meter is None:
        raise NotFound("there is no such meter", entity="meter", id=ulid_of(meter_id))
    return meter
