"""Deliveries: what was sent to an endpoint, what it answered, and sending it again."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.server.domain.events import Delivery, Endpoint, Event
from billing_sdk.server.domain.events.delivery import DeliveryStatus
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, Cell, Column, asked, listing, row
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.dashboard.webhooks import WEBHOOK, url_of
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.replay_event import replay_event
from billing_sdk.server.words import Phrase, phrase

DELIVERIES = f"{WEBHOOK}/deliveries"
DELIVERY = f"{DELIVERIES}/{{delivery_id}}"
STATES: dict[DeliveryStatus, tuple[Phrase, str]] = {
    "waiting": (phrase("Waiting"), "note"),
    "delivered": (phrase("Delivered"), "good"),
    "dead": (phrase("Failed"), "bad"),
}
COLUMNS = (
    Column(phrase("Event")),
    Column(phrase("Queued at")),
    Column(phrase("Attempts"), is_number=True),
    Column(phrase("Last answer")),
    Column(phrase("Status")),
)


def show_deliveries(seat: Seat) -> Response:
    """Show what was sent to an endpoint, the newest first; or only what waits, arrived or failed."""
    request = seat.request
    status = next((one for one in STATES if one == asked(request, "status")), None)
    with seat.engine.read() as tx:
        endpoint = tx.endpoints.get(request.path_params["endpoint_id"])
        older_than = asked(request, AFTER) or None
        found = tx.deliveries.list(endpoint_id=endpoint.id, status=status, older_than=older_than, limit=PAGE_SIZE + 1)
        events = tx.outbox.list_of({one.event_id for one in found})
    rows = [
        row(
            Cell(events[one.event_id].type, f"{url_of(endpoint.id)}/deliveries/{one.id}", note=one.event_id),
            phrase("%(day)s, %(time)s UTC", day=one.queued_at, time=f"{one.queued_at:%H:%M}"),
            one.attempts,
            Cell(str(one.last_status) if one.last_status is not None else "", is_code=True),
            _state(one),
        )
        for one in found[:PAGE_SIZE]
    ]
    last = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else ""
    return seat.show(
        "webhooks/deliveries",
        Form({"status": status or ""}),
        endpoint=endpoint,
        deliveries=listing(request, COLUMNS, rows, last=last),
        statuses=[("", phrase("Any status")), *((name, words) for name, (words, _) in STATES.items())],
    )


def show_delivery(seat: Seat) -> Response:
    """Show one delivery: what was sent, and what came back."""
    return _page(seat, Form())


def send_again(seat: Seat, form: Form) -> Response:
    """Send the event of a delivery again, under the id that it had."""
    with seat.engine.read() as tx:
        endpoint, delivery = _found(seat, tx)
    try:
        replay_event(seat.engine, event_id=delivery.event_id, endpoint_id=endpoint.id, actor=seat.operator.id)
    except BillingError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(f"{url_of(endpoint.id)}/deliveries/{delivery.id}", "replayed")


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        endpoint, delivery = _found(seat, tx)
        event = tx.outbox.get(delivery.event_id)
        payload = _payload(seat.engine, tx, event, endpoint)
    return seat.show(
        "webhooks/delivery",
        form,
        endpoint=endpoint,
        delivery=delivery,
        event=event,
        payload=payload,
        state=STATES[delivery.status],
    )


def _found(seat: Seat, tx: UnitOfWork) -> tuple[Endpoint, Delivery]:
    endpoint = tx.endpoints.get(seat.request.path_params["endpoint_id"])
    delivery = tx.deliveries.get(seat.request.path_params["delivery_id"])
    if delivery.endpoint_id != endpoint.id:
        raise NotFound(f"there is no delivery {delivery.id!r} to this endpoint")
    return endpoint, delivery


def _payload(engine: Engine, tx: UnitOfWork, event: Event, endpoint: Endpoint) -> str:
    """Return what the body of a delivery says; that of a token says it inside of the signature."""
    if endpoint.format != "jwt" and engine.shows is not None:
        return _pretty(json.loads(engine.shows.body(tx, event, endpoint)))
    said = {"type": event.type, "event_id": event.id, "source": event.source, "data": dict(event.data)}
    return _pretty({**said, "event_timestamp": event.occurred_at.isoformat()})


def _pretty(what: Any) -> str:
    return json.dumps(what, indent=2, ensure_ascii=False, default=str)


def _state(delivery: Delivery) -> Cell:
    said, tone = STATES[delivery.status]
    return Cell(said, tone=tone)


ROUTES: tuple[BaseRoute, ...] = (
    seat_route(DELIVERIES, show_deliveries),
    seat_route(DELIVERY, show_delivery, send_again),
)
