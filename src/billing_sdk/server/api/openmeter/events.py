"""Events, in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.events import IngestedEvent, asked_for, place_from, shown, take_in
from billing_sdk.server.api.konnect.filters import INSTANTS
from billing_sdk.server.api.konnect.paging import cursor_for, place_of
from billing_sdk.server.api.konnect.security import EngineOf
from billing_sdk.server.api.openmeter.calling import instant_in, scope, told
from billing_sdk.server.domain.metering import EARLIEST, LATEST
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import ULID, id_from_ulid
from billing_sdk.server.storage.conditions import Condition, Operand, Operator
from billing_sdk.server.usecases.browse_usage_events import Wanted, browse_usage_events
from billing_sdk.server.web import read_json
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Events"], route_class=KonnectRoute)
newer = Operations(tags=["Events"], route_class=KonnectRoute)
intake = Operations(tags=["Events"])

MOST_LISTED = 100
LIST = "openmeter/events"
LONGEST_FILTER = 16_384
# What a filter of events can ask; each of them stands for one or more conditions that all have to hold.
TEXTS = {"id": "id", "source": "source", "subject": "subject", "type": "type", "customerId": "customer_id"}
TIMES = {"time": "time", "ingestedAt": "ingested_at"}
COMPARED: dict[str, Operator] = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}


@intake.post("/events", status_code=204, dependencies=scope("create:meter_usage"), response_class=Response)
async def ingest(request: Request) -> Response:
    """Take in events, each once for ever."""
    await take_in(request)
    return Response(status_code=204)


@router.get("/events", dependencies=scope("read:meter_usage"))
def list_events(request: Request, engine: EngineOf) -> Any:
    """List events, the newest first."""
    asked = request.query_params
    window = Period(instant_in(request, "from") or EARLIEST, instant_in(request, "to") or LATEST)
    subject, name = asked.get("subject"), asked.get("id")
    with engine.read() as tx:
        wanted = Wanted(
            lambda one: name is None or name in one.event.id, window, None, None if subject is None else (subject,)
        )
        found = shown(tx, browse_usage_events(tx, wanted, size=_limit_of(request)).events)
    return [_event(one) for one in found]


@newer.get("/events", dependencies=scope("read:meter_usage"))
def browse_events(request: Request, engine: EngineOf) -> Any:
    """List events page by page, the newest first."""
    asked, sealer = request.query_params, engine.sealer
    place = place_from(place_of(asked.get("cursor"), sealer, of=LIST, parameter="cursor"))
    conditions = list(_conditions(asked.get("filter")))
    with engine.read() as tx:
        found = browse_usage_events(tx, asked_for(tx, conditions), size=_limit_of(request), beyond=place)
        items = [_event(one) for one in shown(tx, found.events)]
    onward = None if found.is_over or found.end is None else f"{found.end[0].isoformat()}|{found.end[1]}"
    return {"items": items, **told(next_cursor=None if onward is None else cursor_for(onward, sealer, of=LIST))}


def _conditions(text: str | None) -> Iterator[Condition]:
    """Yield what a filter asks, which is JSON such as `{"subject": {"$in": ["a", "b"]}}`.

    Raises:
        InvalidRequest: it is none.
    """
    if text is None:
        return
    sent = read_json(text.encode()) if len(text) <= LONGEST_FILTER else None
    if not isinstance(sent, dict) or not all(isinstance(one, dict) for one in sent.values()):
        raise InvalidRequest("the filter is an object of objects", parameter="filter")
    for name, asked in sent.items():
        if name not in TEXTS and name not in TIMES:
            raise InvalidRequest(f"there is no filter {name[:64]!r}", parameter="filter")
        yield from _of_times(TIMES[name], asked) if name in TIMES else _of_texts(TEXTS[name], asked)


def _of_texts(field: str, asked: Mapping[str, Any]) -> Iterator[Condition]:
    for operator, operand in asked.items():
        values = operand if isinstance(operand, list) else [operand]
        texts = tuple(_text(field, one) for one in values)
        match operator:
            case "$eq" | "$in":
                yield Condition(field, "oeq", texts) if operator == "$in" else Condition(field, "eq", texts[0])
            case "$ne" | "$nin":
                yield from (Condition(field, "neq", one) for one in texts)
            case _:
                raise InvalidRequest(f"{operator[:32]!r} can't be asked", parameter="filter")


def _of_times(field: str, asked: Mapping[str, Any]) -> Iterator[Condition]:
    for operator, operand in asked.items():
        if operator not in COMPARED:
            raise InvalidRequest(f"{operator[:32]!r} can't be asked of a time", parameter="filter")
        yield Condition(field, COMPARED[operator], _instant(operand))


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidRequest("the filter compares texts", parameter="filter")
    if field != "customer_id":
        return value
    return id_from_ulid("customer", value) if ULID.fullmatch(value) else ""


def _instant(value: Any) -> Operand:
    try:
        found: datetime = INSTANTS.validate_python(value)
    except ValidationError:
        raise InvalidRequest("the filter compares dates and times of RFC 3339", parameter="filter") from None
    return found


def _limit_of(request: Request) -> int:
    limit = request.query_params.get("limit", str(MOST_LISTED))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= MOST_LISTED):
        raise InvalidRequest(f"limit is between 1 and {MOST_LISTED}", parameter="limit")
    return int(limit)


def _event(one: IngestedEvent) -> dict[str, Any]:
    return told(
        event=one.event.model_dump(mode="json", exclude_none=True),
        customer_id=None if one.customer is None else one.customer.id,
        validation_error="; ".join(fault.message for fault in one.validation_errors or ()) or None,
        ingested_at=one.ingested_at,
        stored_at=one.stored_at,
    )
