"""What has happened, for those who look it up: thin events at v2, events with a snapshot at v1; each for 30 days.

Source: Stripe API reference, Events (v1) and Events (v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.event_bodies import EventDoor, EventView, snapshot, whole
from billing_sdk.server.api.stripe.event_subjects import subjects_of
from billing_sdk.server.api.stripe.ids import path_id, shown
from billing_sdk.server.api.stripe.paging import Cut, Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import EngineOf, v1, v2
from billing_sdk.server.api.stripe.values import Flag, Instant, UnixTime
from billing_sdk.server.domain.events import Event, EventForm
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.pointing_events import EventQuery
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

v1_router = Operations(route_class=StripeRoute)
v2_router = Operations(route_class=StripeRoute)

KIND: Final = "event"
KEPT_FOR: Final = timedelta(days=30)
MOST_TYPES: Final = 20

TypeName = Annotated[str, Field(max_length=200)]


class UnixRange(FormBody):
    """Bounds of seconds since 1970."""

    gt: UnixTime | None = None
    gte: UnixTime | None = None
    lt: UnixTime | None = None
    lte: UnixTime | None = None


class InstantRange(FormBody):
    """Bounds of instants."""

    gt: Instant | None = None
    gte: Instant | None = None
    lt: Instant | None = None
    lte: Instant | None = None


class SnapshotFilters(Filters):
    """What events with a snapshot can be filtered by."""

    created: UnixRange | UnixTime | None = None
    delivery_success: Flag | None = None
    type: TypeName | None = None
    types: list[TypeName] | None = Field(default=None, max_length=MOST_TYPES)


class ThinFilters(Filters):
    """What thin events can be filtered by."""

    created: InstantRange | None = None
    include: list[Literal["reason.request.client"]] | None = None
    object_id: Annotated[str, Field(max_length=255)] | None = None
    types: list[TypeName] | None = Field(default=None, max_length=MOST_TYPES)


SNAPSHOTS: Final = Listing(SnapshotFilters)
THIN: Final = Listing(ThinFilters)


@v2_router.get("/core/events", **v2("read:events"))
def list_thin_events(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[ThinFilters], Depends(THIN)]
) -> Response:
    """List thin events, the newest first."""
    filters = wanted.filters
    subjects = None if filters.object_id is None else subjects_of(filters.object_id)
    bounds = {} if filters.created is None else _bounds(filters.created)
    with engine.read() as tx:
        found = _page(engine, tx, wanted, "thin", types=filters.types or (), subjects=subjects, created=bounds)
    is_live = answer.rendering.is_live
    return answer(wanted.shown(found, [EventView(**whole(event, is_live=is_live)) for event in found.items]))


@v2_router.get("/core/events/{event_id}", **v2("read:events"))
def get_thin_event(engine: EngineOf, answer: Answering, event_id: Annotated[str, path_id(KIND)]) -> Response:
    """Get a thin event with all that is told of it."""
    with engine.read() as tx:
        event = tx.pointing_events.get(event_id, "thin", since=_since(engine))
    return answer(EventView(**whole(event, is_live=answer.rendering.is_live)))


@v1_router.get("/events", **v1("read:events"))
def list_events(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[SnapshotFilters], Depends(SNAPSHOTS)]
) -> Response:
    """List events with a snapshot, the newest first."""
    filters, door = wanted.filters, EventDoor(engine)
    if filters.type is not None and filters.types is not None:
        raise refused("parameter_invalid", "type and types exclude each other", param="types")
    types = [filters.type] if filters.type is not None else filters.types or []
    with engine.begin() as tx:
        found = _page(engine, tx, wanted, "snapshot", types=types, created=_created(filters.created))
        views = _snapshots(tx, door, found)
    return answer(wanted.shown(found, views))


@v1_router.get("/events/{event_id}", **v1("read:events"))
def get_event(engine: EngineOf, answer: Answering, event_id: Annotated[str, path_id(KIND)]) -> Response:
    """Get an event with its snapshot."""
    with engine.begin() as tx:
        event = tx.pointing_events.get(event_id, "snapshot", since=_since(engine))
        (view,) = _snapshots(tx, EventDoor(engine), Cut((event,)))
    return answer(view)


def _snapshots(tx: UnitOfWork, door: EventDoor, found: Cut[Event]) -> list[View]:
    """Show events, each with its object in the newest shape; what is shown for the first time is kept as it is then."""
    waiting = tx.pointing_events.waiting_for([event.id for event in found.items])
    return [
        EventView(**snapshot(door.kept(tx, event, None), None, is_live=door.is_live, waiting=waiting[event.id]))
        for event in found.items
    ]


def _page(
    engine: Engine,
    tx: UnitOfWork,
    wanted: Wanted[SnapshotFilters] | Wanted[ThinFilters],
    form: EventForm,
    *,
    types: list[str] | tuple[str, ...],
    subjects: tuple[str, ...] | None = None,
    created: Mapping[str, datetime],
) -> Cut[Event]:
    is_live = engine.settings.environment == "live"
    query = EventQuery(
        form,
        _since(engine),
        wanted.limit,
        types=tuple(types),
        subjects=subjects,
        created=created,
        after=wanted.known(KIND, wanted.after, "starting_after"),
        before=wanted.known(KIND, wanted.before, "ending_before"),
    )
    try:
        page = tx.pointing_events.page(query)
    except NotFound:
        name = "page" if form == "thin" else "starting_after" if wanted.before is None else "ending_before"
        raise refused("resource_missing", "there is no such event", param=name) from None
    names = [shown(KIND, event.id, is_live=is_live) for event in page.events]
    first, last = (names[0], names[-1]) if names else (None, None)
    return Cut(page.events, first=first, last=last, has_next=page.has_next, has_previous=page.has_previous)


def _since(engine: Engine) -> datetime:
    return engine.now() - KEPT_FOR


def _created(given: UnixRange | datetime | None) -> Mapping[str, datetime]:
    match given:
        case None:
            return {}
        case datetime():
            return {"gte": given, "lt": given + timedelta(seconds=1)}
        case _:
            return _bounds(given)


def _bounds(given: UnixRange | InstantRange) -> Mapping[str, datetime]:
    found = {name: getattr(given, name) for name in ("gt", "gte", "lt", "lte")}
    return {name: at for name, at in found.items() if at is not None}
