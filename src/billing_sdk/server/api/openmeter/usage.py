"""Events in and out, meters and what they show."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.events import shown, take_in
from billing_sdk.server.api.konnect.meter_query import Asked, MeterQuery, dimensions_of, rows_of
from billing_sdk.server.api.konnect.meters import OURS, MeterView
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.konnect.values import instant
from billing_sdk.server.api.openmeter.calling import Document, OnlyOnce, Sent, instant_in, scope, told
from billing_sdk.server.domain.metering import EARLIEST, LATEST, Meter
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import ULID, id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.browse_usage_events import Wanted, browse_usage_events
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_meters import ChosenMeter, choose_meter, drop_meter, known_meters
from billing_sdk.server.web.usage_csv import usage_csv

router = APIRouter(tags=["Usage"], route_class=KonnectRoute)
intake = APIRouter(tags=["Usage"])

WINDOWS: dict[str, Literal["PT1M", "PT1H", "P1D", "P1M"]] = {
    "MINUTE": "PT1M",
    "HOUR": "PT1H",
    "DAY": "P1D",
    "MONTH": "P1M",
}
MOST_LISTED = 100


class NewMeter(Sent):
    """A meter that is to be made."""

    slug: str
    aggregation: str
    event_type: str
    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    value_property: str | None = None
    group_by: dict[str, str] | None = None


@intake.post("/events", status_code=204, dependencies=scope("create:meter_usage"), response_class=Response)
async def ingest(request: Request) -> Response:
    """Take in events, each once for ever."""
    await take_in(request)
    return Response(status_code=204)


@router.get("/events", dependencies=scope("read:meter_usage"))
def list_events(request: Request, engine: EngineOf) -> Any:
    """List events, the newest first."""
    asked = request.query_params
    limit = asked.get("limit", str(MOST_LISTED))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= MOST_LISTED):
        raise InvalidRequest(f"limit is between 1 and {MOST_LISTED}", parameter="limit")
    window = Period(instant_in(request, "from") or EARLIEST, instant_in(request, "to") or LATEST)
    subject, name = asked.get("subject"), asked.get("id")
    with engine.read() as tx:
        wanted = Wanted(
            lambda one: name is None or name in one.event.id, window, None, None if subject is None else (subject,)
        )
        found = shown(tx, browse_usage_events(tx, wanted, size=int(limit)).events)
    return [
        told(
            event=one.event.model_dump(mode="json", exclude_none=True),
            customer_id=None if one.customer is None else one.customer.id,
            validation_error="; ".join(fault.message for fault in one.validation_errors or ()) or None,
            ingested_at=one.ingested_at,
            stored_at=one.stored_at,
        )
        for one in found
    ]


@router.post("/meters", status_code=201, dependencies=scope("create:billing_meters"))
def create_meter(caller: CallerOf, body: NewMeter, once: OnlyOnce) -> Response:
    """Make a meter; it counts what was reported before it, too."""
    wording = body.aggregation.lower()
    if wording not in OURS:
        raise InvalidRequest("there is no such aggregation", parameter="aggregation")

    def serve(engine: Engine) -> Document:
        chosen = ChosenMeter(
            key=body.slug,
            name=body.name or body.slug,
            event_type=body.event_type,
            aggregation=OURS[wording],
            value_path=body.value_property,
            dimensions=body.group_by or {},
            description=body.description,
            labels=body.metadata or {},
        )
        return Document(_meter(MeterView.of(*choose_meter(engine, chosen, actor=caller.client_id))))

    return once(serve, body, status=201)


@router.get("/meters", dependencies=scope("read:billing_meters"))
def list_meters(engine: EngineOf) -> Any:
    """List the meters."""
    with engine.read() as tx:
        return [_meter(MeterView.of(*known)) for known in known_meters(tx)]


@router.get("/meters/{meter}", dependencies=scope("read:billing_meters"))
def get_meter(engine: EngineOf, meter: str) -> Any:
    """Get a meter by its id or its slug."""
    with engine.read() as tx:
        found = meter_called(tx, meter)
        return _meter(MeterView.of(found, tx.konnect.find("meter", found.id)))


@router.delete("/meters/{meter}", status_code=204, dependencies=scope("update:billing_meters"))
def delete_meter(engine: EngineOf, caller: CallerOf, meter: str, once: OnlyOnce) -> Response:
    """Delete a meter that no feature is measured by."""
    with engine.read() as tx:
        meter_id = meter_called(tx, meter).id

    def serve(engine: Engine) -> None:
        drop_meter(engine, meter_id, actor=caller.client_id)

    return once(serve, status=204)


@router.get("/meters/{meter}/query", dependencies=scope("read:meter_usage"))
def query_meter(request: Request, engine: EngineOf, meter: str) -> Any:
    """Show what was used, as doubles, or exactly as CSV."""
    asked = request.query_params
    size = asked.get("windowSize")
    if size is not None and size not in WINDOWS:
        raise InvalidRequest("there is no such window size", parameter="windowSize")
    dimensions: dict[str, Any] = {
        name[len("filterGroupBy[") : -1]: {"in": asked.getlist(name)}
        for name in asked
        if name.startswith("filterGroupBy[") and name.endswith("]")
    }
    if subjects := asked.getlist("subject"):
        dimensions["subject"] = {"in": subjects}
    if customers := asked.getlist("filterCustomerId"):
        dimensions["customer_id"] = {"in": customers}
    names = {"customerId": "customer_id"}
    query = MeterQuery.model_validate(
        {
            **{key: found for key in ("from", "to") if (found := instant_in(request, key)) is not None},
            **({} if size is None else {"granularity": WINDOWS[size]}),
            "time_zone": asked.get("windowTimeZone", "UTC"),
            "group_by_dimensions": [names.get(one, one) for one in asked.getlist("groupBy")],
            "filters": {"dimensions": dimensions},
        }
    )
    with engine.read() as tx:
        measured = meter_called(tx, meter)
        told_apart = Asked(query, extras=tx.konnect.find("meter", measured.id), at=engine.now())
    rows = rows_of(engine, measured.key, told_apart, told_apart.query)
    if "text/csv" in request.headers.get("accept", ""):
        return Response(usage_csv(told_apart.names, rows), media_type="text/csv")
    data = []
    for row in rows:
        group = dimensions_of(told_apart.names, row.group)
        subject, customer = group.pop("subject", None), group.pop("customer_id", None)
        line = told(value=float(row.value), window_start=row.window.start, window_end=row.window.end)
        data.append({**line, **told(customer_id=customer), "subject": subject, "groupBy": group})
    return {
        **told(window_size=size, to=query.to),
        **({} if query.from_ is None else {"from": instant(query.from_)}),
        "data": data,
    }


def meter_called(tx: UnitOfWork, name: str) -> Meter:
    """Return the meter that an id or a slug names.

    Raises:
        NotFound: there is none.
    """
    found = tx.meters.find(id_from_ulid("meter", name)) if ULID.fullmatch(name) else None
    found = found or tx.meters.find_by_key(name)
    if found is None or found.archived_at is not None:
        raise NotFound("there is no such meter")
    return found


def _meter(view: MeterView) -> dict[str, Any]:
    return told(
        id=view.id,
        slug=view.key,
        name=view.name,
        description=view.description,
        metadata=view.labels,
        aggregation=view.aggregation.upper(),
        event_type=view.event_type,
        value_property=view.value_property,
        group_by=view.dimensions or {},
        created_at=view.created_at,
        updated_at=view.updated_at,
    )
