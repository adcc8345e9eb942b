"""Deliveries (extension): how an endpoint's events stand, what it missed, and how to send that again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import PageSize
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.events import Delivery, DeliveryStatus
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.redeliver_dead import redeliver_dead
from billing_sdk.server.usecases.replay_events import replay_events
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Webhooks"], route_class=StrictRoute)

AfterDelivery = Annotated[
    str | None, Query(pattern=r"^delivery_[0-9a-f]{32}$", description="Id of the delivery to go on after.")
]
Status = Annotated[DeliveryStatus | None, Query(description="`dead` shows what the endpoint has missed.")]


class DeliveryView(BaseModel):
    """One event on its way to one endpoint; `id` is the `webhook-id` that the endpoint sees."""

    id: str
    event_id: str
    status: str
    attempts: int
    queued_on: datetime
    due_on: datetime
    last_attempt_on: datetime | None
    last_status: int | None
    last_answer: str

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryView:
        """Show a delivery in the Management API's words."""
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            status=delivery.status,
            attempts=delivery.attempts,
            queued_on=delivery.queued_at,
            due_on=delivery.due_at,
            last_attempt_on=delivery.last_attempt_at,
            last_status=delivery.last_status,
            last_answer=delivery.last_answer,
        )


class DeliveryList(Answer):
    """Deliveries, the newest first."""

    has_more: bool
    deliveries: list[DeliveryView]


class ReplayAll(Body):
    """What to send again: all that followed an event, or all from the beginning; or the dead letters alone."""

    starting_after: str | None = Field(default=None, max_length=64)
    only_dead: bool = False


class ReplayAllAnswer(Answer):
    """How many events are in the queue again."""

    count: int


@router.get("/webhooks/{webhook_id}/deliveries", **scoped("read:webhooks", extension=True))
def list_deliveries(
    engine: EngineOf,
    webhook_id: str,
    status: Status = None,
    page_size: PageSize = 10,
    starting_after: AfterDelivery = None,
) -> DeliveryList:
    """Return how an endpoint's events stand (extension)."""
    with engine.read() as tx:
        endpoint = tx.endpoints.get(webhook_id)
        found = tx.deliveries.list(
            endpoint_id=endpoint.id, status=status, older_than=starting_after, limit=page_size + 1
        )
    return DeliveryList(
        has_more=len(found) > page_size, deliveries=[DeliveryView.of(delivery) for delivery in found[:page_size]]
    )


@router.post(
    "/webhooks/{webhook_id}/replay",
    response_model=ReplayAllAnswer,
    **scoped("update:webhooks", extension=True),
)
def replay_all(webhook_id: str, once: OnlyOnce, body: ReplayAll | None = None) -> Response:
    """Send an endpoint again what it missed, under the old ids and in each customer's order (extension)."""
    wanted = body or ReplayAll()

    def serve(engine: Engine) -> ReplayAllAnswer:
        if wanted.only_dead:
            return ReplayAllAnswer(count=redeliver_dead(engine, endpoint_id=webhook_id))
        return ReplayAllAnswer(count=replay_events(engine, endpoint_id=webhook_id, after=wanted.starting_after))

    return once(serve, body)
