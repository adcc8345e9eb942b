"""Meters of v1: what they are, and whether they count; what they measure never changes.

Source: Stripe documentation, "Create and configure a meter".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import MeterId, path_id, shown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import DisplayName, Livemode, UnixTime
from billing_sdk.server.domain.metering import TimeWindow
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_meters import (
    CUSTOMER_KEY,
    VALUE_KEY,
    ChosenMeter,
    EventMeter,
    Formula,
    deactivate_meter,
    define_meter,
    find_meter,
    known_meters,
    reactivate_meter,
    rename_meter,
)
from billing_sdk.server.web.operations import Operations

KIND: Final = "meter"
Status = Literal["active", "inactive"]
PayloadKey = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^'\"\\\x00-\x1f]+$")]

router = Operations(route_class=StripeRoute)


class CustomerMapping(FormBody):
    """Which member of a payload names the customer."""

    type: Literal["by_id"]
    event_payload_key: PayloadKey


class ValueSettings(FormBody):
    """Which member of a payload says how much."""

    event_payload_key: PayloadKey


class DefaultAggregation(FormBody):
    """How values are put together."""

    formula: Formula


class NewMeter(FormBody):
    """A meter as it is asked for."""

    display_name: DisplayName
    event_name: Annotated[str, Field(min_length=1, max_length=100)]
    default_aggregation: DefaultAggregation
    customer_mapping: CustomerMapping | None = None
    value_settings: ValueSettings | None = None
    dimension_payload_keys: Annotated[list[PayloadKey], Field(max_length=10)] | None = None
    event_time_window: TimeWindow | None = None


class MeterChange(FormBody):
    """What can be changed of a meter."""

    display_name: DisplayName | None = None


class Nothing(FormBody):
    """A body that says nothing."""


class MeterFilters(Filters):
    """What meters can be filtered by."""

    status: Status | None = None


METERS = Listing(MeterFilters)


class MappingView(View):
    """Which member of a payload names the customer."""

    event_payload_key: str
    type: Literal["by_id"] = "by_id"


class AggregationView(View):
    """How values are put together."""

    formula: Formula


class ValueView(View):
    """Which member of a payload says how much."""

    event_payload_key: str


class TransitionsView(View):
    """When a meter came to where it is."""

    deactivated_at: UnixTime | None


class MeterView(View):
    """A meter."""

    id: MeterId
    object: Literal["billing.meter"] = "billing.meter"
    created: UnixTime
    customer_mapping: MappingView
    default_aggregation: AggregationView
    dimension_payload_keys: list[str] | None
    display_name: str
    event_name: str
    event_time_window: TimeWindow | None
    livemode: Livemode = None
    status: Status
    status_transitions: TransitionsView
    updated: UnixTime
    value_settings: ValueView

    @classmethod
    def of(cls, found: EventMeter) -> MeterView:
        """Show a meter."""
        meter = found.meter
        return cls(
            id=meter.id,
            created=meter.created_at,
            customer_mapping=MappingView(event_payload_key=found.customer_key),
            default_aggregation=AggregationView(formula=found.formula),
            dimension_payload_keys=list(found.dimension_keys) or None,
            display_name=meter.name,
            event_name=meter.event_type,
            event_time_window=meter.newest_within,
            status=status_of(found),
            status_transitions=TransitionsView(deactivated_at=meter.archived_at),
            updated=found.updated_at,
            value_settings=ValueView(event_payload_key=found.value_key),
        )


def status_of(found: EventMeter) -> Status:
    """Return whether a meter counts."""
    return "active" if found.meter.archived_at is None else "inactive"


@router.post("/billing/meters", **v1("create:billing_meters"))
def create_meter(caller: CallerOf, answer: Answering, body: NewMeter, once: OnlyOnce) -> Response:
    """Make a meter."""
    meter_id = new_id(KIND)
    chosen = ChosenMeter(
        id=meter_id,
        key=shown(KIND, meter_id, is_live=answer.rendering.is_live),
        display_name=body.display_name,
        event_name=body.event_name,
        formula=body.default_aggregation.formula,
        customer_key=CUSTOMER_KEY if body.customer_mapping is None else body.customer_mapping.event_payload_key,
        value_key=VALUE_KEY if body.value_settings is None else body.value_settings.event_payload_key,
        dimension_keys=tuple(body.dimension_payload_keys or ()),
        newest_within=body.event_time_window,
    )

    def serve(engine: Engine) -> View:
        with _telling_that_it_is_taken():
            return MeterView.of(define_meter(engine, chosen, actor=caller.client_id))

    return once(serve, body)


@router.get("/billing/meters", **v1("read:billing_meters"))
def list_meters(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[MeterFilters], Depends(METERS)]
) -> Response:
    """List meters, the newest first."""
    status = wanted.filters.status
    with engine.read() as tx:
        found = [one for one in known_meters(tx) if status is None or status_of(one) == status]
    is_live = answer.rendering.is_live
    return answer(wanted.page(found, MeterView.of, place_of=lambda one: shown(KIND, one.meter.id, is_live=is_live)))


@router.get("/billing/meters/{meter_id}", **v1("read:billing_meters"))
def get_meter(engine: EngineOf, answer: Answering, meter_id: Annotated[str, path_id(KIND)]) -> Response:
    """Get a meter."""
    with engine.read() as tx:
        return answer(MeterView.of(find_meter(tx, meter_id)))


@router.post("/billing/meters/{meter_id}", **v1("update:billing_meters"))
def update_meter(
    caller: CallerOf, meter_id: Annotated[str, path_id(KIND)], body: MeterChange, once: OnlyOnce
) -> Response:
    """Call a meter something else."""

    def serve(engine: Engine) -> View:
        if body.display_name is None:
            with engine.read() as tx:
                return MeterView.of(find_meter(tx, meter_id))
        return MeterView.of(rename_meter(engine, meter_id, body.display_name, actor=caller.client_id))

    return once(serve, body)


@router.post("/billing/meters/{meter_id}/deactivate", **v1("update:billing_meters"))
def deactivate(caller: CallerOf, meter_id: Annotated[str, path_id(KIND)], body: Nothing, once: OnlyOnce) -> Response:
    """Have a meter count nothing more."""

    def serve(engine: Engine) -> View:
        return MeterView.of(deactivate_meter(engine, meter_id, actor=caller.client_id))

    return once(serve, body)


@router.post("/billing/meters/{meter_id}/reactivate", **v1("update:billing_meters"))
def reactivate(caller: CallerOf, meter_id: Annotated[str, path_id(KIND)], body: Nothing, once: OnlyOnce) -> Response:
    """Have a meter count again."""

    def serve(engine: Engine) -> View:
        with _telling_that_it_is_taken():
            return MeterView.of(reactivate_meter(engine, meter_id, actor=caller.client_id))

    return once(serve, body)


@contextmanager
def _telling_that_it_is_taken() -> Iterator[None]:
    """Refuse what the block does where another active meter has the event's name."""
    try:
        yield
    except DuplicateKey:
        raise refused(
            "meter_event_name_already_used",
            "an active meter has this event_name already",
            param="event_name",
            remedy="Deactivate it first, or take another name.",
        ) from None
