"""Usage events: the door for CloudEvents 1.0, one at a time or a thousand, outside of FastAPI because there are many.

A content type says which of the four ways of writing events is used; `application/json` is one event or a batch.
Source: CloudEvents 1.0.2, "HTTP Protocol Binding".
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from billing_sdk.server.api.kinde.cloud_event_headers import event_in_headers
from billing_sdk.server.api.kinde.cloud_events import (
    CloudEvent,
    Refused,
    is_json_type,
    read_quickly,
    read_with_care,
)
from billing_sdk.server.api.kinde.envelope import entry_of, error_answer, outage_answer
from billing_sdk.server.api.kinde.security import recalled_machine
from billing_sdk.server.storage.outages import DATABASE_AWAY
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Answer, Ingestion

PATH = "/billing/usage_events"
SCOPE = "create:meter_usage"
MOST_EVENTS = 1_000
ONE, MANY, EITHER = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
KINDS = (ONE, MANY, EITHER)

Event = CloudEvent | Refused
Events = Event | list[CloudEvent] | list[Event]

_encode = msgspec.json.Encoder().encode


class Accepted(msgspec.Struct, gc=False):
    """An event that is recorded; one that is sent again gets the first answer."""

    source: str
    id: str
    recorded_at: datetime
    status: Literal["accepted"] = "accepted"


async def take_in(request: Request) -> Response:
    """Record usage events, each once for ever, and answer for each of them in their order."""
    engine: Engine = request.app.state.engine
    ingestion: Ingestion = request.app.state.ingestion
    try:
        await recalled_machine(request, engine, scope=SCOPE)
        body = await request.body()
        ingestion.require_room(len(body))
        return await _recorded(ingestion, await _events(request, body), len(body))
    except BillingError as error:
        return error_answer(request, error)
    except DATABASE_AWAY as error:
        return outage_answer(request, error)


async def _events(request: Request, body: bytes) -> Events:
    """Return the events of a request; a list only where it is a batch.

    Raises:
        InvalidRequest: it is no JSON, or not what its content type says.
        UnsupportedMediaType: it says nothing of itself that this door knows.
    """
    given = request.headers.getlist("content-type")
    kind, _, parameters = (given[0] if len(given) == 1 else "").lower().partition(";")
    kind = kind.strip()
    if kind not in (ONE, MANY) and any(name.startswith(b"ce-") for name, _ in request.headers.raw):
        if given and (len(given) > 1 or not is_json_type(given[0])):
            raise UnsupportedMediaType("the data of an event is JSON")
        return event_in_headers(request.headers.raw, body)
    if kind not in KINDS:
        raise UnsupportedMediaType(
            f"the body must be {', '.join(KINDS)}, or the event be in headers that begin with ce-"
        )
    if parameters and parameters.replace('"', "").strip() != "charset=utf-8":
        raise InvalidRequest("the body must be UTF-8, and say nothing else of itself", parameter="content-type")
    events: Events | None = read_quickly(body)
    if events is None:
        events = await run_in_threadpool(read_with_care, body)
    if kind != EITHER and isinstance(events, list) is (kind == ONE):
        raise InvalidRequest("the body is not what its content type says", parameter="content-type")
    return events


async def _recorded(ingestion: Ingestion, events: Events, size_bytes: int) -> Response:
    listed: Sequence[Event] = events if isinstance(events, list) else (events,)
    if len(listed) > MOST_EVENTS:
        raise PayloadTooLarge(f"a batch has at most {MOST_EVENTS:,} events")
    good = [event for event in listed if isinstance(event, CloudEvent)]
    found = iter(await ingestion.ingest_soon(good, size_bytes=size_bytes) if good else ())
    answers = [next(found) if isinstance(event, CloudEvent) else event.error for event in listed]
    if not isinstance(events, list) and isinstance(answers[0], BillingError):
        raise answers[0]
    results = [_result(event, answer) for event, answer in zip(listed, answers, strict=True)]
    return Response(_encode({"results": results}), media_type=EITHER)


def _result(event: Event, answer: Answer) -> Accepted | dict[str, Any]:
    if isinstance(answer, BillingError):
        return {"source": event.source, "id": event.id, "status": "refused", **entry_of(answer)}
    return Accepted(event.source or "", event.id or "", answer.recorded_at)


class _AsItIs(APIRoute):
    """A route whose handler gets the request as it is; FastAPI knows of it what the OpenAPI document says."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return take_in


router = APIRouter(tags=["Usage events"], route_class=_AsItIs)

_EVENT = {
    "type": "object",
    "title": "CloudEvent",
    "required": ["specversion", "source", "id", "type", "subject"],
    "properties": {
        "specversion": {"const": "1.0"},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1, "maxLength": 255},
        "id": {"type": "string", "minLength": 1, "maxLength": 255},
        "type": {"type": "string", "minLength": 1, "maxLength": 255},
        "subject": {"type": "string", "minLength": 1, "maxLength": 255},
        "time": {"type": ["string", "null"], "format": "date-time"},
        "datacontenttype": {"type": ["string", "null"]},
        "data": {"type": ["object", "null"]},
    },
    # Extension attributes are taken, and not kept.
    "patternProperties": {"^[a-z0-9]+$": {}},
    "additionalProperties": False,
}
_BATCH = {"type": "array", "title": "Batch", "items": _EVENT, "maxItems": MOST_EVENTS}
_RESULT = {
    "type": "object",
    "title": "Result",
    "required": ["source", "id", "status"],
    "properties": {
        "source": {"type": ["string", "null"]},
        "id": {"type": ["string", "null"]},
        "status": {"enum": ["accepted", "refused"]},
        "recorded_at": {"type": "string", "format": "date-time"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "remedy": {"type": "string"},
    },
}
_RESULTS = {
    "type": "object",
    "title": "Results",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": _RESULT}},
}
_DOCUMENTED = {
    "x-scope": SCOPE,
    "x-extension": True,
    "security": [{"kindeBearerAuth": []}],
    "requestBody": {
        "required": True,
        "content": {
            ONE: {"schema": _EVENT},
            MANY: {"schema": _BATCH},
            EITHER: {"schema": {"anyOf": [_EVENT, _BATCH]}},
        },
    },
    "responses": {
        "200": {
            "description": "What became of each event, in their order.",
            "content": {EITHER: {"schema": _RESULTS}},
        }
    },
}


@router.post(PATH, openapi_extra=_DOCUMENTED, response_class=Response)
async def create_usage_events(request: Request) -> Response:
    """Record usage events (CloudEvents 1.0): one, or a batch of at most 1,000.

    Extension. An event is recorded once for ever, by its source and id, so it is safe to send any of them again: the
    answer is that of the first time. An event of a batch that is refused has its error in its result, and the others
    are recorded; a single one that is refused is answered with its error. Answers come after the events are durable.
    """
    return await take_in(request)
