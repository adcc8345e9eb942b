"""Usage events: the door for CloudEvents 1.0, one at a time or a thousand, outside of FastAPI because there are many.

A content type says which of the four ways of writing events is used; `application/json` is one event or a batch.
Source: CloudEvents 1.0.2, "HTTP Protocol Binding".
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from billing_sdk.errors import BillingError, InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from billing_sdk.server.api.kinde.envelope import entry_of, error_answer
from billing_sdk.server.api.kinde.security import Bearer, bearer_of, recalled_machine
from billing_sdk.server.storage.outages import DATABASE_AWAY
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ingest_usage import Answer, Ingestion
from billing_sdk.server.web import notes_of
from billing_sdk.server.web.cloud_event_headers import PREFIX, event_in_headers
from billing_sdk.server.web.cloud_events import (
    CloudEvent,
    Refused,
    is_json_type,
    read_quickly,
    read_with_care,
)
from billing_sdk.server.web.handlers import outage_answer
from billing_sdk.server.web.operations import Operations

PATH = "/billing/usage_events"
SCOPE = "create:meter_usage"
MOST_EVENTS = 1_000
ONE, MANY, EITHER = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
KINDS = (ONE, MANY, EITHER)
NOTED = "usage_events.sent"

Event = CloudEvent | Refused
Batch = list[CloudEvent] | list[Event]
Events = Event | Batch

_encode = msgspec.json.Encoder().encode


class Accepted(msgspec.Struct, gc=False):
    """An event that is recorded; one that is sent again gets the first answer."""

    source: str
    id: str
    recorded_at: datetime
    status: Literal["accepted"] = "accepted"


async def take_in(request: Request) -> Response:
    """Record usage events with what the application of the request has for it."""
    state = request.app.state
    return await record_sent(request, engine=state.engine, ingestion=state.ingestion)


async def record_sent(request: Request, *, engine: Engine, ingestion: Ingestion) -> Response:
    """Record usage events, each once for ever, and answer for each of them in their order."""
    scope = request.scope
    try:
        notes = notes_of(scope)
        sent: _Sent | None = notes.get(NOTED)
        if sent is None:
            sent = notes[NOTED] = _Sent.of(scope)
        await recalled_machine(scope, engine, sent.bearer, needs=SCOPE)
        body: bytes = scope["state"]["body"]
        ingestion.require_room(len(body))
        events = await _events(sent, body)
        if isinstance(events, CloudEvent):
            return await _one_recorded(ingestion, events, len(body))
        return await _recorded(ingestion, events, len(body))
    except BillingError as error:
        return error_answer(request, error)
    except DATABASE_AWAY as error:
        return outage_answer(request, error, error_answer)


class _Sent(NamedTuple):
    """What the headers of a request say."""

    bearer: Bearer
    content_type: str | None
    attributes: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, scope: Scope) -> _Sent:
        """Look through the headers; the content type is none where there is none, and empty where there are several.

        Raises:
            Unauthenticated: there is no token.
            InvalidRequest: a token is in the address, or there are two of them.
        """
        headers = scope["headers"]
        bearer = bearer_of(scope, [value for name, value in headers if name == b"authorization"])
        types = [value.decode("latin-1").lower() for name, value in headers if name == b"content-type"]
        content_type = (types[0] if len(types) == 1 else "") if types else None
        return cls(bearer, content_type, [header for header in headers if header[0].startswith(PREFIX)])


async def _events(sent: _Sent, body: bytes) -> Events:
    """Return the events of a request; a list only where it is a batch.

    Raises:
        InvalidRequest: it is no JSON, or not what its content type says.
        UnsupportedMediaType: it says nothing of itself that this door knows.
    """
    content_type = sent.content_type or ""
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip()
    if kind not in (ONE, MANY) and sent.attributes:
        if sent.content_type is not None and not is_json_type(content_type):
            raise UnsupportedMediaType("the data of an event is JSON")
        return event_in_headers(sent.attributes, body)
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


async def _one_recorded(ingestion: Ingestion, event: CloudEvent, size_bytes: int) -> Response:
    (answer,) = await ingestion.ingest_soon((event,), size_bytes=size_bytes)
    if isinstance(answer, BillingError):
        raise answer
    return _Results(_encode({"results": (Accepted(event.source, event.id, answer.recorded_at),)}))


async def _recorded(ingestion: Ingestion, events: Refused | Batch, size_bytes: int) -> Response:
    if isinstance(events, Refused):
        raise events.error
    listed: Sequence[Event] = events
    if len(listed) > MOST_EVENTS:
        raise PayloadTooLarge(f"a batch has at most {MOST_EVENTS:,} events")
    good = [event for event in listed if isinstance(event, CloudEvent)]
    answers: Sequence[Answer] = await ingestion.ingest_soon(good, size_bytes=size_bytes) if good else []
    if len(good) < len(listed):
        found = iter(answers)
        answers = [next(found) if isinstance(event, CloudEvent) else event.error for event in listed]
    results = [
        _refused(event, answer)
        if isinstance(answer, BillingError)
        else Accepted(event.source or "", event.id or "", answer.recorded_at)
        for event, answer in zip(listed, answers, strict=True)
    ]
    return _Results(_encode({"results": results}))


def _refused(event: Event, error: BillingError) -> dict[str, Any]:
    return {"source": event.source, "id": event.id, "status": "refused", **entry_of(error)}


class _Results(Response):
    """An answer whose headers take no time to make."""

    def __init__(self, body: bytes) -> None:
        self.status_code = 200
        self.body = body
        self.background = None
        self.raw_headers = [
            (b"content-length", str(len(body)).encode("latin-1")),
            (b"content-type", b"application/json"),
        ]


class _AsItIs(APIRoute):
    """A route whose handler gets the request as it is; FastAPI knows of it what the OpenAPI document says."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        return take_in


router = Operations(tags=["Usage events"], route_class=_AsItIs)

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
