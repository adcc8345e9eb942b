"""Events: what has happened, to read again or to be sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import PageSize, StartingAfter
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.events import Event
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.list_events import list_events as list_after
from billing_sdk.server.usecases.replay_event import replay_event
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Events"], route_class=StrictRoute)


class EventView(BaseModel):
    """An event; `timestamp` is in seconds since 1970, `occurred_on` is the same instant as an extension."""

    event_id: str
    type: str
    source: str
    timestamp: int
    occurred_on: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> EventView:
        """Show an event in the Management API's words."""
        return cls(
            event_id=event.id,
            type=event.type,
            source=event.source,
            timestamp=int(event.occurred_at.timestamp()),
            occurred_on=event.occurred_at,
            data=dict(event.data),
        )


class EventAnswer(Answer):
    """One event."""

    event: EventView


class EventList(Answer):
    """Events in the order in which they were written."""

    has_more: bool
    events: list[EventView]


class Replay(Body):
    """Whom to send an event to; everybody that wants its type where no endpoint is named."""

    webhook_id: str | None = Field(default=None, max_length=64)


class ReplayAnswer(Answer):
    """The endpoints that will hear of the event again."""

    webhook_ids: list[str]


@router.get("/events", **scoped("read:events", extension=True))
def list_events(engine: EngineOf, page_size: PageSize = 10, starting_after: StartingAfter = None) -> EventList:
    """Return events from the oldest on, or those after one that was seen (extension)."""
    try:
        found = list_after(engine, after=starting_after, limit=page_size + 1)
    except NotFound:
        raise InvalidRequest("starting_after names no event", parameter="starting_after") from None
    return EventList(has_more=len(found) > page_size, events=[EventView.of(event) for event in found[:page_size]])


@router.get("/events/{event_id}", **scoped("read:events"))
def get_event(engine: EngineOf, event_id: str) -> EventAnswer:
    """Return one event."""
    with engine.read() as tx:
        event = tx.outbox.get(event_id)
    return EventAnswer(event=EventView.of(event))


@router.post("/events/{event_id}/replay", response_model=ReplayAnswer, **scoped("update:webhooks", extension=True))
def replay(event_id: str, once: OnlyOnce, body: Replay | None = None) -> Response:
    """Send an event again under its old ids, so that a receiver that has seen it can tell (extension)."""

    def serve(engine: Engine) -> ReplayAnswer:
        deliveries = replay_event(engine, event_id=event_id, endpoint_id=body.webhook_id if body else None)
        return ReplayAnswer(webhook_ids=[delivery.endpoint_id for delivery in deliveries])

    return once(serve, body)
