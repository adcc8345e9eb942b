"""Webhook endpoints: where an application hears of events, and which types there are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.outbox import EVENT_TYPES, EventType
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Webhooks"], route_class=StrictRoute)

EventTypes = Annotated[list[str], Field(min_length=1, max_length=100)]


class WebhookView(BaseModel):
    """An endpoint; `is_enabled` and `disabled_reason` are extensions."""

    id: str
    name: str
    endpoint: str
    description: str
    event_types: list[str]
    created_on: datetime
    is_enabled: bool
    disabled_reason: str | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> WebhookView:
        """Show an endpoint in the Management API's words."""
        return cls(
            id=endpoint.id,
            name=endpoint.name,
            endpoint=endpoint.url,
            description=endpoint.description,
            event_types=list(endpoint.event_types),
            created_on=endpoint.created_at,
            is_enabled=endpoint.is_enabled,
            disabled_reason=endpoint.disabled_reason,
        )


class WebhookList(Answer):
    """All endpoints."""

    webhooks: list[WebhookView]


class WebhookAnswer(Answer):
    """One endpoint."""

    webhook: WebhookView


class NewWebhook(Body):
    """Where to send which types of event."""

    endpoint: str = Field(max_length=2_048)
    event_types: EventTypes
    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=2_000)


class WebhookChange(Body):
    """What to change; the address can't be. Extension: `is_enabled`, to bring an endpoint back or hold it off."""

    event_types: EventTypes | None = None
    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2_000)
    is_enabled: bool | None = None


class EventTypeView(BaseModel):
    """A type of event; `schema` is a JSON Schema of its data.

    Extension: `description` says when it happens, `is_extension` whether the published API has no such type.
    """

    id: str
    code: str
    name: str
    origin: str
    description: str
    is_extension: bool
    schema_: dict[str, Any] = Field(alias="schema")

    @classmethod
    def of(cls, kind: EventType) -> EventTypeView:
        """Show a type of event in the Management API's words."""
        return cls(
            id=kind.code,
            code=kind.code,
            name=kind.name,
            origin=kind.origin,
            description=kind.when,
            is_extension=kind.is_extension,
            schema=dict(kind.schema),
        )


class EventTypeList(Answer):
    """All types of event."""

    event_types: list[EventTypeView]


@router.get("/webhooks", **scoped("read:webhooks"))
def list_webhooks(engine: EngineOf) -> WebhookList:
    """Return all endpoints, the oldest first."""
    with engine.read() as tx:
        endpoints = tx.endpoints.list("jwt")
    return WebhookList(webhooks=[WebhookView.of(endpoint) for endpoint in endpoints])


@router.get("/webhooks/{webhook_id}", **TAGGED, **scoped("read:webhooks", extension=True))
def get_webhook(engine: EngineOf, webhook_id: str, response: Response) -> WebhookAnswer:
    """Return one endpoint (extension)."""
    with engine.read() as tx:
        endpoint = tx.endpoints.get(webhook_id, "jwt")
    put_etag(response, endpoint)
    return WebhookAnswer(webhook=WebhookView.of(endpoint))


@router.post("/webhooks", response_model=WebhookAnswer, **scoped("create:webhooks"))
def create_webhook(body: NewWebhook, once: OnlyOnce) -> Response:
    """Have events sent to an address from now on."""

    def serve(engine: Engine) -> WebhookAnswer:
        endpoint = register_endpoint(
            engine,
            url=body.endpoint,
            name=body.name,
            event_types=body.event_types,
            description=body.description or "",
        )
        return WebhookAnswer(webhook=WebhookView.of(endpoint))

    return once(serve, body)


@router.patch("/webhooks/{webhook_id}", response_model=WebhookAnswer, **GUARDED, **scoped("update:webhooks"))
def update_webhook(webhook_id: str, body: WebhookChange, once: OnlyOnce, versions: KnownVersions) -> Response:
    """Change what is given and leave the rest."""

    def serve(engine: Engine) -> WebhookAnswer:
        endpoint = update_endpoint(
            engine,
            endpoint_id=webhook_id,
            name=body.name,
            description=body.description,
            event_types=body.event_types,
            is_enabled=body.is_enabled,
            versions=versions,
        )
        return WebhookAnswer(webhook=WebhookView.of(endpoint))

    return once(serve, body)


@router.delete("/webhooks/{webhook_id}", response_model=Answer, **scoped("delete:webhooks"))
def delete_webhook(webhook_id: str, once: OnlyOnce) -> Response:
    """Forget an endpoint together with all that waits for it."""

    def serve(engine: Engine) -> Answer:
        delete_endpoint(engine, endpoint_id=webhook_id)
        return Answer()

    return once(serve)


@router.get("/event_types", **scoped("read:event_types"))
def list_event_types() -> EventTypeList:
    """Return every type of event that an endpoint can ask for."""
    return EventTypeList(event_types=[EventTypeView.of(kind) for kind in EVENT_TYPES])
