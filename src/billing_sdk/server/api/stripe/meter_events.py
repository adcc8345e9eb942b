"""Meter events one at a time, and what takes them back: v1 and v2.

Source: Stripe documentation, "Record usage for billing".
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server.api.stripe.bodies import Body, FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import MeterAdjustmentId
from billing_sdk.server.api.stripe.meter_payloads import LONGEST_IDENTIFIER, LONGEST_NAME, MeterEvent
from billing_sdk.server.api.stripe.meter_reports import Reported, cancel, report
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, v1, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode, UnixTime
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

SCOPE = "create:meter_usage"

v1_router = Operations(route_class=StripeRoute)
v2_router = Operations(route_class=StripeRoute)

EventName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_IDENTIFIER)]


class NewEventV1(FormBody):
    """A meter event as v1 takes it."""

    event_name: EventName
    payload: dict[str, Any]
    identifier: Identifier | None = None
    timestamp: UnixTime | None = None


class NewEventV2(Body):
    """A meter event as v2 takes it."""

    event_name: EventName
    payload: dict[str, Any]
    identifier: Identifier | None = None
    timestamp: Instant | None = None


class EventViewV1(View):
    """A meter event of v1."""

    object: Literal["billing.meter_event"] = "billing.meter_event"
    created: UnixTime
    event_name: str
    identifier: str
    livemode: Livemode = None
    payload: dict[str, str]
    timestamp: UnixTime


class EventViewV2(View):
    """A meter event of v2."""

    object: Literal["v2.billing.meter_event"] = "v2.billing.meter_event"
    created: Instant
    event_name: str
    identifier: str
    livemode: Livemode = None
    payload: dict[str, str]
    timestamp: Instant


class CancelV1(FormBody):
    """Which event is cancelled."""

    identifier: Identifier | None = None


class NewAdjustmentV1(FormBody):
    """An adjustment as v1 takes it."""

    event_name: EventName
    type: Literal["cancel"]
    cancel: CancelV1 | None = None


class CancelV2(Body):
    """Which event is cancelled."""

    identifier: Identifier


class NewAdjustmentV2(Body):
    """An adjustment as v2 takes it."""

    event_name: EventName
    type: Literal["cancel"]
    cancel: CancelV2


class CancelView(View):
    """Which event was cancelled."""

    identifier: str


class AdjustmentViewV1(View):
    """An adjustment of v1."""

    object: Literal["billing.meter_event_adjustment"] = "billing.meter_event_adjustment"
    cancel: CancelView
    event_name: str
    livemode: Livemode = None
    status: Literal["complete"] = "complete"
    type: Literal["cancel"] = "cancel"


class AdjustmentViewV2(View):
    """An adjustment of v2; it is complete when it is answered."""

    id: MeterAdjustmentId
    object: Literal["v2.billing.meter_event_adjustment"] = "v2.billing.meter_event_adjustment"
    cancel: CancelView
    created: Instant
    event_name: str
    livemode: Livemode = None
    status: Literal["complete"] = "complete"
    type: Literal["cancel"] = "cancel"


@v1_router.post("/billing/meter_events", **v1(SCOPE))
def create_event(request: Request, body: NewEventV1, once: OnlyOnce) -> Response:
    """Record a meter event."""

    def serve(engine: Engine) -> View:
        return EventViewV1(**_members(_reported(request, engine, body)))

    return once(serve, body)


@v2_router.post("/billing/meter_events", **v2(SCOPE))
def create_event_v2(request: Request, body: NewEventV2, once: OnlyOnce) -> Response:
    """Record a meter event."""

    def serve(engine: Engine) -> View:
        return EventViewV2(**_members(_reported(request, engine, body)))

    return once(serve, body)


@v1_router.post("/billing/meter_event_adjustments", **v1("update:meter_usage"))
def create_adjustment(caller: CallerOf, body: NewAdjustmentV1, once: OnlyOnce) -> Response:
    """Cancel a meter event."""
    identifier = None if body.cancel is None else body.cancel.identifier
    if identifier is None:
        raise refused("parameter_missing", "an adjustment names the event that it cancels", param="cancel[identifier]")

    def serve(engine: Engine) -> View:
        cancel(engine, event_name=body.event_name, identifier=identifier, actor=caller.client_id)
        return AdjustmentViewV1(cancel=CancelView(identifier=identifier), event_name=body.event_name)

    return once(serve, body)


@v2_router.post("/billing/meter_event_adjustments", **v2("update:meter_usage"))
def create_adjustment_v2(caller: CallerOf, body: NewAdjustmentV2, once: OnlyOnce) -> Response:
    """Cancel a meter event."""
    identifier = body.cancel.identifier

    def serve(engine: Engine) -> View:
        cancel(engine, event_name=body.event_name, identifier=identifier, actor=caller.client_id)
        return AdjustmentViewV2(
            id=new_id("meteradjustment"),
            cancel=CancelView(identifier=identifier),
            created=engine.now(),
            event_name=body.event_name,
        )

    return once(serve, body)


def _reported(request: Request, engine: Engine, body: NewEventV1 | NewEventV2) -> Reported:
    event = MeterEvent(body.event_name, body.payload, body.identifier, body.timestamp)
    return report(engine, request.app.state.ingestion, event, is_v1=request.app.state.api == "v1")


def _members(found: Reported) -> dict[str, Any]:
    members = found._asdict()
    created: datetime = members.pop("recorded_at")
    return {**members, "created": created}
