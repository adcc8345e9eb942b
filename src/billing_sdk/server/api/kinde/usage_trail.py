"""Usage events as they stand, and their corrections (extension); how they come in is the business of another door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import NextToken, PageSize, item_of, token_for
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.metering import StoredEvent
from billing_sdk.server.usecases.correct_event import LONGEST_REASON, amend_event, cancel_event
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.list_usage_events import EventFilter, list_usage_events
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Usage events"], route_class=StrictRoute)

PLACE = "usage_events"
LONGEST = 255
DATA = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
ENCODER = msgspec.json.Encoder(decimal_format="string")  # as every other exact number of this API

Name = Annotated[str | None, Query(max_length=LONGEST)]
Instant = Annotated[str | None, Query(max_length=64, description="Such as 2026-01-31T00:00:00Z.")]


class CorrectionView(BaseModel):
    """What was wrong: `data` is what the event has said from then on, null where it was cancelled."""

    data: dict[str, Any] | None
    reason: str
    actor: str
    corrected_on: datetime


class UsageEventView(BaseModel):
    """An event as it stands: `data` is that of its newest correction, `first_data` what it said before all of them.

    `counted_on` is the instant that decides where it counts.
    """

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    counted_on: datetime
    recorded_on: datetime
    kind: Literal["delta", "absolute"]
    data: dict[str, Any]
    first_data: dict[str, Any] | None
    is_cancelled: bool
    corrections: list[CorrectionView]


class UsageEventAnswer(Answer):
    """One event."""

    usage_event: UsageEventView


class UsageEventList(Answer):
    """Events in the order of their arrival; a page may be short and go on all the same."""

    usage_events: list[UsageEventView]
    next_token: str | None


class CorrectionBody(Body):
    """What is wrong with an event: `amend` takes the data that it should have had, `cancel` takes none."""

    source: str = Field(min_length=1, max_length=LONGEST)
    id: str = Field(min_length=1, max_length=LONGEST)
    action: Literal["cancel", "amend"]
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    data: dict[str, Any] | None = None


async def exact_body(request: Request) -> bytes:
    """Return what was sent, in which numbers have all their digits."""
    return await request.body()


@router.get("/billing/usage_events", response_model=UsageEventList, **scoped("read:meter_usage", extension=True))
def show_usage_events(
    engine: EngineOf,
    source: Name = None,
    id: Name = None,  # noqa: A002 - the attribute's name in CloudEvents
    type: Name = None,  # noqa: A002 - as above
    subject: Name = None,
    customer_id: Name = None,
    since: Annotated[Instant, Query(alias="from")] = None,
    until: Annotated[Instant, Query(alias="to")] = None,
    page_size: PageSize = 10,
    next_token: NextToken = None,
) -> Response:
    """Return events as they stand, in the order of their arrival, with what was corrected (extension)."""
    wanted = EventFilter(source, id, type, subject, customer_id, _instant(since, "from"), _instant(until, "to"))
    after = item_of(next_token, engine.sealer, of=PLACE)
    page = list_usage_events(engine, wanted, page_size=page_size, after=int(after or 0))
    token = None if page.following is None else token_for(str(page.following), engine.sealer, of=PLACE)
    return _json({"usage_events": _shown(page.events), "next_token": token})


@router.post(
    "/billing/usage_events/correct",
    response_model=UsageEventAnswer,
    **scoped("update:meter_usage", extension=True),
)
def correct_usage_event(
    caller: MachineOf, body: CorrectionBody, once: OnlyOnce, sent: Annotated[bytes, Depends(exact_body)]
) -> Response:
    """Cancel an event, or have it say something else; what is billed already is adjusted later (extension)."""
    if (body.data is None) != (body.action == "cancel"):
        raise InvalidRequest("data is what an event should have said, so to amend it takes some", parameter="data")

    def serve(engine: Engine) -> UsageEventAnswer:
        named = {"source": body.source, "id": body.id, "reason": body.reason, "actor": caller.client_id}
        if body.data is None:
            stored = cancel_event(engine, **named)
        else:
            stored = amend_event(engine, **named, data=DATA.decode(sent)["data"])
        return UsageEventAnswer(usage_event=UsageEventView(**_view(stored)))

    return once(serve, body)


def _instant(text: str | None, parameter: str) -> datetime | None:
    return None if text is None else read_instant(text, parameter=parameter)


def _shown(events: Sequence[StoredEvent]) -> list[dict[str, Any]]:
    return [_view(stored) for stored in events]


def _view(stored: StoredEvent) -> dict[str, Any]:
    event = stored.event
    return {
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
        "counted_on": event.counted_at,
        "recorded_on": event.recorded_at,
        "kind": event.kind,
        "data": event.data,
        "first_data": stored.first_data,
        "is_cancelled": stored.is_cancelled,
        "corrections": [
            {"data": one.data, "reason": one.reason, "actor": one.actor, "corrected_on": one.at}
            for one in stored.corrections
        ],
    }


def _json(answer: dict[str, Any]) -> Response:
    content = ENCODER.encode({"code": "OK", "message": "Success", **answer})
    return Response(content, media_type="application/json")
