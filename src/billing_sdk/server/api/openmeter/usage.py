"""Meters, and what they show."""

from __future__ import annotations

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound, QueryTooLarge
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.meter_query import (
    Asked,
    MeterQuery,
    check_dimensions,
    csv_answer,
    dimensions_of,
    rows_of,
)
from billing_sdk.server.api.konnect.meters import OURS, MeterView
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.konnect.values import instant
from billing_sdk.server.api.openmeter.calling import Document, OnlyOnce, Sent, instant_in, scope, told
from billing_sdk.server.domain.metering import Meter
from billing_sdk.server.ids import ULID, id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_meters import (
    ChosenMeter,
    change_meter,
    choose_meter,
    drop_meter,
    known_meters,
)
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Usage"], route_class=KonnectRoute)

WINDOWS: dict[str, Literal["PT1M", "PT1H", "P1D", "P1M"]] = {
    "MINUTE": "PT1M",
    "HOUR": "PT1H",
    "DAY": "P1D",
    "MONTH": "P1M",
}


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


class MeterChange(Sent):
    """What may change of a meter; what is left out stays."""

    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    group_by: dict[str, str] | None = None


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


@router.put("/meters/{meter}", dependencies=scope("update:billing_meters"))
def update_meter(engine: EngineOf, caller: CallerOf, meter: str, body: MeterChange, once: OnlyOnce) -> Response:
    """Change a meter; new groups tell apart what was reported before, too."""
    with engine.read() as tx:
        meter_id = meter_called(tx, meter).id
    names = {"metadata": "labels", "group_by": "dimensions"}
    given = {names.get(name, name): value for name, value in body if value is not None}

    def serve(engine: Engine) -> Document:
        return Document(_meter(MeterView.of(*change_meter(engine, meter_id, given, actor=caller.client_id))))

    return once(serve, body)


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
    check_dimensions(measured, told_apart)
    rows = rows_of(engine, measured.key, told_apart, told_apart.query)
    if "text/csv" in request.headers.get("accept", ""):
        return csv_answer(engine, told_apart.names, rows)
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


@router.get("/meters/{meter}/subjects", dependencies=scope("read:meter_usage"))
def list_subjects(request: Request, engine: EngineOf, meter: str) -> Any:
    """List the subjects that a meter has usage of."""
    return _values(request, engine, meter, "subject")


@router.get("/meters/{meter}/group-by/{name}/values", dependencies=scope("read:meter_usage"))
def list_values(request: Request, engine: EngineOf, meter: str, name: str) -> Any:
    """List the values of a group that a meter has usage of."""
    with engine.read() as tx:
        if name not in dict(meter_called(tx, meter).dimensions):
            raise InvalidRequest("the meter has no such group", parameter="groupByKey")
    return _values(request, engine, meter, name)


def _values(request: Request, engine: Engine, meter: str, name: str) -> list[str]:
    try:
        # What is told apart by subjects is read by the hours in which there is something.
        return _grouped(request, engine, meter, tuple(dict.fromkeys((name, "subject"))))
    except QueryTooLarge:
        return _grouped(request, engine, meter, (name,))


def _grouped(request: Request, engine: Engine, meter: str, names: tuple[str, ...]) -> list[str]:
    given = {key: found for key in ("from", "to") if (found := instant_in(request, key)) is not None}
    query = MeterQuery.model_validate({**given, "group_by_dimensions": list(names)})
    with engine.read() as tx:
        measured = meter_called(tx, meter)
        asked = Asked(query, extras=tx.konnect.find("meter", measured.id), at=engine.now())
    return sorted({row.group[0] for row in rows_of(engine, measured.key, asked, asked.query) if row.group[0]})


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
