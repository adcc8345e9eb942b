"""Usage events: taken in and shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, EventConflict, EventTooEarly, EventTooLate, InvalidRequest
from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.filters import INSTANT, STRING, ulid_of as by_ulid
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.paging import Cursored, CursoredMeta, CursorMeta, cursor_for, place_of
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import Instant
from billing_sdk.server.domain.metering import EARLIEST, LATEST, Meter, StoredEvent
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import Condition, all_hold
from billing_sdk.server.storage.konnect_customers import Order
from billing_sdk.server.storage.subjects import Subject
from billing_sdk.server.usecases.browse_usage_events import (
    Browsed,
    Place,
    Wanted as Asked,
    browse_usage_events,
    place_of as stands_at,
)
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.usecases.query_usage import everything_of
from billing_sdk.server.web.incoming_batch import KINDS, read_events
from billing_sdk.server.web.operations import Operations

LISTED = Listing(
    filters={
        "id": STRING,
        "source": STRING,
        "subject": STRING,
        "type": STRING,
        "customer_id": by_ulid("customer"),
        "time": INSTANT,
        "ingested_at": INSTANT,
        "stored_at": INSTANT,
    },
    sorts=("time", "ingested_at", "stored_at"),
    order=Order("time", is_descending=True),
    pages="cursor",
)


class EventView(View):
    """An event as it was reported."""

    id: str
    source: str
    specversion: str
    type: str
    subject: str
    datacontenttype: str | None = None
    time: Instant | None = None
    data: dict[str, Any] | None = None


class CustomerReference(View):
    """Whose event it is."""

    id: str


class ValidationError(View):
    """Why an event does not count."""

    code: str
    message: str


class IngestedEvent(View):
    """An event, when it arrived, and what is wrong with it."""

    event: EventView
    ingested_at: Instant
    stored_at: Instant
    customer: CustomerReference | None = None
    validation_errors: list[ValidationError] | None = None


class EventRoute(KonnectRoute):
    """A route whose handler reads the body itself, as there are many events and three ways to send them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler without the reader of JSON in front."""
        return super(KonnectRoute, self).get_route_handler()


router = Operations(tags=["Events"], route_class=KonnectRoute)
intake = Operations(tags=["Events"], route_class=EventRoute)

_SENT = {kind: {"schema": {"type": "object" if "batch" not in kind else "array"}} for kind in KINDS}
_INTAKE = scoped("create:meter_usage")
_INTAKE["openapi_extra"] |= {"requestBody": {"required": True, "content": _SENT}}


@intake.post("/events", name="ingest-metering-events", status_code=202, response_class=Response, **_INTAKE)
async def ingest_events(request: Request) -> Response:
    """Take in events, each once for ever; those that nothing counts are kept, and shown with what is wrong."""
    await take_in(request)
    return Response(status_code=202)


async def take_in(request: Request) -> None:
    """Record the events of a request.

    Raises:
        InvalidRequest: one of them can't be read; then none is recorded. Or one is of a time that is not kept; the
            others are recorded, and count once when all are sent again.
        ServerBusy: too much waits to be recorded.
    """
    ingestion: Ingestion = request.app.state.ingestion
    body = await request.body()
    ingestion.require_room(len(body))
    events = await run_in_threadpool(read_events, request.headers.getlist("content-type"), body)
    if events:
        answers = await ingestion.ingest_soon(events, size_bytes=len(body))
        require_kept(answers, is_batch=body.lstrip()[:1] == b"[")


def require_kept(answers: Sequence[object], *, is_batch: bool) -> None:
    """Check that no event is lost; one whose id another has is, as published, taken for the same one sent again.

    Args:
        answers: what became of each event, in their order.
        is_batch: whether they were sent as a list, and are told apart by their places.

    Raises:
        InvalidRequest: one was not kept.
    """
    for place, answer in enumerate(answers):
        if isinstance(answer, BillingError) and not isinstance(answer, EventConflict):
            name, detail = str(answer.facts.get("parameter", "time")), answer.detail
            if isinstance(answer, EventTooEarly | EventTooLate):
                detail = f"{detail}: {', '.join(f'the {bound} is {at}' for bound, at in answer.facts.items())}"
            raise InvalidRequest(detail, parameter=f"{place}.{name}" if is_batch else name)


@router.get("/events", name="list-metering-events", **scoped("read:meter_usage", lists=LISTED))
def list_events(
    request: Request, engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]
) -> Cursored[IngestedEvent]:
    """List events, the newest first where nothing else is said."""
    sealer, cursor = engine.sealer, wanted.cursor
    order = wanted.order if "sort" in request.query_params else LISTED.order
    asked = request.query_params.get("sort", "").strip()
    if asked and " " not in asked:
        order = Order(order.field, is_descending=True)  # as published: a field alone sorts descending
    by: Literal["time", "arrival"] = "time" if order.field == "time" else "arrival"
    place = place_from(
        place_of(cursor.after, sealer, of=f"events/{by}")
        or place_of(cursor.before, sealer, of=f"events/{by}", parameter="page[before]")
    )
    is_back = cursor.before is not None
    with engine.read() as tx:
        found = browse_usage_events(
            tx,
            asked_for(tx, wanted.conditions),
            by=by,
            is_descending=order.is_descending is not is_back,
            size=cursor.size,
            beyond=place,
        )
        events = found.events[::-1] if is_back else found.events
        data = shown(tx, events)

    def sealed(at: Place) -> str:
        return cursor_for(f"{at[0].isoformat()}|{at[1]}", sealer, of=f"events/{by}")

    page = _page(found, events, by, is_back=is_back, has_begun=place is not None, size=cursor.size, sealed=sealed)
    return Cursored[IngestedEvent](data=data, meta=CursoredMeta(page=page))


def shown(tx: UnitOfWork, events: Sequence[StoredEvent]) -> list[IngestedEvent]:
    """Return events as they are shown, with whose they are and what is wrong with them."""
    meters: dict[str, list[Meter]] = {}
    for meter in tx.meters.of_type({one.event.type for one in events}):
        meters.setdefault(meter.event_type, []).append(meter)
    subjects = tx.subjects.find_many({one.event.subject for one in events})
    return [_shown(one, meters.get(one.event.type, []), subjects.get(one.event.subject)) for one in events]


def _shown(stored: StoredEvent, meters: Sequence[Meter], subject: Subject | None) -> IngestedEvent:
    event = stored.event
    errors = [ValidationError(code=code, message=message) for code, message in faults_of(stored, meters, subject)]
    return IngestedEvent(
        event=EventView(
            id=event.id,
            source=event.source,
            specversion="1.0",
            type=event.type,
            subject=event.subject,
            time=event.time,
            data={name: _as_json(value) for name, value in event.data.items()} or None,
        ),
        ingested_at=event.recorded_at,
        stored_at=event.recorded_at,
        customer=None if subject is None else CustomerReference(id=ulid_of(subject.customer_id)),
        validation_errors=errors or None,
    )


def _as_json(value: Any) -> Any:
    """Return a value of an event with numbers as JSON has them; one of more digits than a reader keeps is text."""
    match value:
        case Decimal():
            number = float(value)
            return number if Decimal(repr(number)) == value else str(value)
        case dict():
            return {name: _as_json(one) for name, one in value.items()}
        case list() | tuple():
            return [_as_json(one) for one in value]
        case _:
            return value


def faults_of(stored: StoredEvent, meters: Sequence[Meter], subject: Subject | None) -> list[tuple[str, str]]:
    """Return why an event does not count, as a code and as words; nothing where it does."""
    found: list[tuple[str, str]] = []
    if not meters:
        found.append(("no_matching_meter", f"no meter found for event type: {stored.event.type}"))
    elif all(meter.remeasure(stored.event.data) is None for meter in meters):
        found.append(("invalid_event", "no meter finds a value in the event that it takes"))
    if subject is None:
        found.append(("no_customer_found", f"no customer found for event subject: {stored.event.subject}"))
    if stored.is_cancelled:
        found.append(("event_cancelled", "the event was cancelled"))
    return found


def asked_for(tx: UnitOfWork, conditions: Collection[Condition]) -> Asked:
    """Return what is wanted by conditions, with as much of it as the store can look for itself."""
    start, end, subjects, types = EARLIEST, LATEST, None, None
    rest = []
    for one in conditions:
        if one.field == "customer_id" and one.operator == "eq":
            subjects = everything_of(tx, str(one.operand))
            continue
        if one.field == "type" and one.operator == "eq":
            types = (str(one.operand),)
        if one.field == "time" and isinstance(one.operand, datetime):
            start = max(start, one.operand) if one.operator in ("eq", "gt", "gte") else start
            end = min(end, one.operand) if one.operator == "lt" else end
        rest.append(one)

    def fits(stored: StoredEvent) -> bool:
        return all_hold(rest, lambda field: _value_of(tx, stored, field))

    if start >= end:
        return Asked(lambda _: False, Period(EARLIEST, LATEST), (), ())
    return Asked(fits, Period(start, end), types, subjects)


def _value_of(tx: UnitOfWork, stored: StoredEvent, field: str) -> Any:
    event = stored.event
    if field == "customer_id":
        who = tx.subjects.find_many((event.subject,)).get(event.subject)
        return None if who is None else who.customer_id
    return getattr(event, "recorded_at" if field in ("ingested_at", "stored_at") else field)


def _page(
    found: Browsed,
    events: Sequence[StoredEvent],
    by: Literal["time", "arrival"],
    *,
    is_back: bool,
    has_begun: bool,
    size: int,
    sealed: Callable[[Place], str],
) -> CursorMeta:
    first, last = (sealed(stands_at(events[0], by)), sealed(stands_at(events[-1], by))) if events else (None, None)
    onward = None if found.is_over or found.end is None else sealed(found.end)
    if is_back:
        return CursorMeta(size=size, next=last, previous=onward, first=first, last=last)
    return CursorMeta(size=size, next=onward, previous=first if has_begun else None, first=first, last=last)


def place_from(text: str | None) -> Place | None:
    """Return the place that an opened cursor names.

    Raises:
        InvalidRequest: it names none.
    """
    if text is None:
        return None
    at, _, number = text.partition("|")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), int(number)
    except ValueError:
        raise InvalidRequest("the cursor is not one of ours", parameter="page[after]", source="query") from None
