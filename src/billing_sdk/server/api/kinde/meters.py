"""Meters (extension): what is measured, and what it comes to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.metering import (
    Aggregation,
    Condition,
    DimensionFilter,
    Granularity,
    Meter,
    Operator,
    UnknownSubjects,
    UsageQuery,
    UsageRow,
)
from billing_sdk.server.domain.metering.meter import EARLY_SECONDS
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.usecases.update_meter import update_meter
from billing_sdk.server.web.operations import Operations
from billing_sdk.server.web.usage_csv import usage_csv

router = Operations(tags=["Meters"], route_class=StrictRoute)

READ = scoped("read:billing_meters", extension=True)
LONGEST_SECONDS = 10**9
LONGEST_FILTERS = 8_192
MOST_NAMES = 100

Path = Annotated[str, Field(max_length=255)]
Text = Annotated[str, Field(max_length=200)]
From = Annotated[
    str, Query(alias="from", max_length=64, description="The first instant, such as 2026-01-31T00:00:00Z.")
]
To = Annotated[
    str | None, Query(alias="to", max_length=64, description="The first one that does not count any more; now if none.")
]
SplitBy = Annotated[Granularity | None, Query(description="What the time is split by; shown as a whole if none.")]
Zone = Annotated[str, Query(max_length=64, description="Where days and months begin, such as Europe/Berlin.")]
GroupBy = Annotated[list[str], Query(max_length=10, description="Dimensions, `subject` or `customer_id`.")]
Filters = Annotated[
    str,
    Query(
        max_length=LONGEST_FILTERS,
        description='A JSON list such as [{"dimension": "model", "operator": "in", "values": ["large"]}].',
    ),
]
Subjects = Annotated[list[str], Query(alias="subject", max_length=MOST_NAMES, description="Whose usage.")]
Customers = Annotated[list[str], Query(alias="customer_id", max_length=MOST_NAMES, description="Whose usage.")]


class MeterConditionBody(Body):
    """What has to hold in an event's data for it to count."""

    path: Path
    operator: Operator = "eq"
    values: list[Text] = Field(default=[], max_length=100)


class MeterView(BaseModel):
    """A meter; `archived_on` is when it has stopped to count."""

    id: str
    key: str
    name: str
    event_type: str
    aggregation: Aggregation
    value_path: str | None
    dimensions: dict[str, str]
    conditions: list[MeterConditionBody]
    late_seconds: int | None
    early_seconds: int
    unknown_subjects: UnknownSubjects
    created_on: datetime
    archived_on: datetime | None

    @classmethod
    def of(cls, meter: Meter) -> MeterView:
        """Show a meter."""
        return cls(
            id=meter.id,
            key=meter.key,
            name=meter.name,
            event_type=meter.event_type,
            aggregation=meter.aggregation,
            value_path=meter.value_path,
            dimensions=dict(meter.dimensions),
            conditions=[
                MeterConditionBody(path=one.path, operator=one.operator, values=list(one.values))
                for one in meter.conditions
            ],
            late_seconds=meter.late_seconds,
            early_seconds=meter.early_seconds,
            unknown_subjects=meter.unknown_subjects,
            created_on=meter.created_at,
            archived_on=meter.archived_at,
        )


class MeterAnswer(Answer):
    """One meter."""

    meter: MeterView


class MeterList(Answer):
    """Meters in the order of their keys."""

    has_more: bool
    meters: list[MeterView]


class NewMeter(Body):
    """A meter; what it measures never changes."""

    key: str = Field(max_length=255)
    name: str = Field(max_length=200)
    event_type: str = Field(max_length=255)
    aggregation: Aggregation
    value_path: Path | None = None
    dimensions: dict[str, Path] = Field(default={}, max_length=10)
    conditions: list[MeterConditionBody] = Field(default=[], max_length=10)
    late_seconds: int | None = Field(default=None, ge=0, le=LONGEST_SECONDS)
    early_seconds: int = Field(default=EARLY_SECONDS, ge=0, le=LONGEST_SECONDS)
    unknown_subjects: UnknownSubjects = "refuse"


class MeterChange(Body):
    """What to change; what is not named stays."""

    name: str | None = Field(default=None, max_length=200)
    is_archived: bool | None = None


class UsageWindowView(BaseModel):
    """What a meter shows for a window and a group."""

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    value: str
    dimensions: dict[str, str | None]


class UsageWindowList(Answer):
    """What a meter shows; there is no row where there was no usage."""

    usage: list[UsageWindowView]


class FilterBody(Body):
    """What a dimension has to be for usage to count."""

    dimension: str
    operator: Operator = "eq"
    values: list[Text] = Field(default=[], max_length=100)


FILTERS = TypeAdapter(list[FilterBody])


@router.get("/billing/meters", **READ)
def list_meters(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> MeterList:
    """Return meters in the order of their keys, which are the cursors (extension)."""
    with engine.read() as tx:
        meters = sorted(tx.meters.all(), key=lambda meter: meter.key)
    page = cut(meters, PageRequest(page_size, starting_after, ending_before), id_of=lambda meter: meter.key)
    return MeterList(has_more=page.has_more, meters=[MeterView.of(meter) for meter in page.items])


@router.post("/billing/meters", response_model=MeterAnswer, **scoped("create:billing_meters", extension=True))
def add_meter(caller: MachineOf, body: NewMeter, once: OnlyOnce) -> Response:
    """Measure something, from the first event on that there is (extension)."""
    conditions = [Condition(one.path, one.operator, tuple(one.values)) for one in body.conditions]

    def serve(engine: Engine) -> MeterAnswer:
        asked = {**dict(body), "conditions": conditions}
        return MeterAnswer(meter=MeterView.of(create_meter(engine, **asked, actor=caller.client_id)))

    return once(serve, body)


@router.get("/billing/meters/{meter_key}", **TAGGED, **READ)
def get_meter(engine: EngineOf, meter_key: str, response: Response) -> MeterAnswer:
    """Return one meter (extension)."""
    with engine.read() as tx:
        meter = tx.meters.get(meter_key)
    put_etag(response, meter)
    return MeterAnswer(meter=MeterView.of(meter))


@router.patch(
    "/billing/meters/{meter_key}",
    response_model=MeterAnswer,
    **GUARDED,
    **scoped("update:billing_meters", extension=True),
)
def change_meter(
    caller: MachineOf, meter_key: str, body: MeterChange, once: OnlyOnce, versions: KnownVersions
) -> Response:
    """Change what is given and leave the rest (extension).

    A meter that is archived counts nothing more; when it is taken back, it counts what has arrived meanwhile, too.
    """

    def serve(engine: Engine) -> MeterAnswer:
        asked = body.model_dump()
        meter = update_meter(engine, key=meter_key, **asked, versions=versions, actor=caller.client_id)
        return MeterAnswer(meter=MeterView.of(meter))

    return once(serve, body)


@router.get(
    "/billing/meters/{meter_key}/query",
    response_model=UsageWindowList,
    **scoped("read:meter_usage", extension=True),
)
def query_meter(
    request: Request,
    engine: EngineOf,
    meter_key: str,
    since: From,
    until: To = None,
    granularity: SplitBy = None,
    zone: Zone = "UTC",
    group_by: GroupBy = [],  # noqa: B006 - FastAPI reads it, and nobody changes it
    filters: Filters = "[]",
    subjects: Subjects = [],  # noqa: B006 - as above
    customer_ids: Customers = [],  # noqa: B006 - as above
) -> Response:
    """Return what a meter shows, by windows and groups; comma-separated where `Accept` is `text/csv` (extension)."""
    start = read_instant(since, parameter="from")
    end = engine.now() if until is None else read_instant(until, parameter="to")
    query = UsageQuery(Period(start, end), granularity, zone, tuple(group_by), _filters(filters))
    rows = query_usage(engine, meter_key=meter_key, query=query, subjects=subjects, customer_ids=customer_ids)
    if "text/csv" in request.headers.get("accept", ""):
        headers = {"Content-Disposition": 'attachment; filename="usage.csv"'}
        return PlainTextResponse(usage_csv(query.group_by, rows), headers=headers, media_type="text/csv")
    answer = UsageWindowList(usage=[_view(row, query.group_by) for row in rows])
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


def _view(row: UsageRow, group_by: tuple[str, ...]) -> UsageWindowView:
    shown: dict[str, Any] = {"from": row.window.start, "to": row.window.end, "value": digits_of(row.value)}
    return UsageWindowView(**shown, dimensions=dict(zip(group_by, row.group, strict=True)))


def _filters(text: str) -> tuple[DimensionFilter, ...]:
    try:
        found: list[Any] = FILTERS.validate_json(text)
    except ValidationError:
        raise InvalidRequest("filters is not a JSON list of filters", parameter="filters") from None
    return tuple(DimensionFilter(one.dimension, one.operator, tuple(one.values)) for one in found)
