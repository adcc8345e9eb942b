"""Webhook endpoints of v1: where events with a snapshot are sent to.

Source: Stripe API reference, Webhook Endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError, Conflict, InvalidRequest
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import EndpointId, path_id, shown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, Livemode, Metadata, UnixTime, merged
from billing_sdk.server.api.stripe.versions import read_version
from billing_sdk.server.domain.events import Endpoint, EventForm
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signed_endpoints import register_signed_endpoint, update_signed_endpoint
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND: Final = "webhook_endpoint"
FULL: Final[Mapping[type[BillingError], Refusal]] = {Conflict: Refusal("too_many_webhook_endpoints")}
FORM: Final[tuple[EventForm, ...]] = ("snapshot",)

Types = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=200)]
Address = Annotated[str, Field(max_length=2_048)]
Words = Annotated[str, Field(max_length=2_000)]


class NewEndpoint(FormBody):
    """An endpoint to be."""

    url: Address
    enabled_events: Types
    api_version: Annotated[str, Field(max_length=64)] | None = None
    connect: Flag | None = None
    description: Words | None = None
    metadata: Metadata | None = None


class EndpointChange(FormBody):
    """What is to be another; what is left out stays."""

    url: Address | None = None
    enabled_events: Types | None = None
    description: Words | None = None
    disabled: Flag | None = None
    metadata: Metadata | None = None


ENDPOINTS: Final = Listing(NoFilters)


class EndpointView(View):
    """An endpoint."""

    id: EndpointId
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    api_version: str | None
    application: None = None
    created: UnixTime
    description: str | None
    enabled_events: list[str]
    livemode: Livemode = None
    metadata: dict[str, str]
    status: Literal["enabled", "disabled"]
    url: str

    @classmethod
    def of(cls, found: Endpoint) -> EndpointView:
        """Show an endpoint."""
        return cls(**_members(found))


class CreatedEndpoint(EndpointView):
    """An endpoint that was made just now, with its secret: nobody is told it again."""

    secret: str


class DeletedEndpoint(View):
    """What is left of an endpoint."""

    id: EndpointId
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    deleted: Literal[True] = True


@router.post("/webhook_endpoints", **v1("create:webhooks"))
def create_endpoint(body: NewEndpoint, once: OnlyOnce) -> Response:
    """Have events sent to an address from now on."""
    if body.connect:
        raise refused("parameter_invalid", "there are no connected accounts here", param="connect")
    if body.api_version is not None:
        _check_version(body.api_version)

    def serve(engine: Engine) -> View:
        with telling(FULL):
            endpoint, secret = register_signed_endpoint(
                engine,
                url=body.url,
                format="snapshot",
                event_types=body.enabled_events,
                description=body.description or "",
                metadata=merged({}, body.metadata or {}),
                api_version=body.api_version,
            )
        return _created(endpoint, secret)

    return once(serve, body)


@router.get("/webhook_endpoints", **v1("read:webhooks"))
def list_endpoints(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[NoFilters], Depends(ENDPOINTS)]
) -> Response:
    """List endpoints, the newest first."""
    with engine.read() as tx:
        found = tuple(reversed(tx.endpoints.list(*FORM)))
    is_live = answer.rendering.is_live
    return answer(wanted.page(found, EndpointView.of, place_of=lambda one: shown(KIND, one.id, is_live=is_live)))


@router.get("/webhook_endpoints/{webhook_endpoint_id}", **v1("read:webhooks"))
def get_endpoint(engine: EngineOf, answer: Answering, webhook_endpoint_id: Annotated[str, path_id(KIND)]) -> Response:
    """Get an endpoint."""
    with engine.read() as tx:
        return answer(EndpointView.of(tx.endpoints.get(webhook_endpoint_id, *FORM)))


@router.post("/webhook_endpoints/{webhook_endpoint_id}", **v1("update:webhooks"))
def update_endpoint(
    webhook_endpoint_id: Annotated[str, path_id(KIND)], body: EndpointChange, once: OnlyOnce
) -> Response:
    """Change what is given of an endpoint."""

    def serve(engine: Engine) -> View:
        given = body.model_fields_set
        changed = update_signed_endpoint(
            engine,
            endpoint_id=webhook_endpoint_id,
            formats=FORM,
            url=body.url,
            description=(body.description or "") if "description" in given else None,
            event_types=body.enabled_events,
            metadata=body.metadata,
            is_enabled=None if body.disabled is None else not body.disabled,
        )
        return EndpointView.of(changed)

    return once(serve, body)


@router.delete("/webhook_endpoints/{webhook_endpoint_id}", **v1("delete:webhooks"))
def delete_webhook_endpoint(webhook_endpoint_id: Annotated[str, path_id(KIND)], once: OnlyOnce) -> Response:
    """Forget an endpoint together with all that waits for it."""

    def serve(engine: Engine) -> View:
        delete_endpoint(engine, endpoint_id=webhook_endpoint_id, formats=FORM)
        return DeletedEndpoint(id=webhook_endpoint_id)

    return once(serve)


def _created(endpoint: Endpoint, secret: Secret) -> CreatedEndpoint:
    return CreatedEndpoint(**_members(endpoint), secret=secret.reveal())


def _members(found: Endpoint) -> dict[str, Any]:
    return {
        "id": found.id,
        "api_version": found.api_version,
        "created": found.created_at,
        "description": found.description or None,
        "enabled_events": list(found.event_types),
        "metadata": dict(found.metadata),
        "status": "enabled" if found.is_enabled else "disabled",
        "url": found.url,
    }


def _check_version(name: str) -> None:
    try:
        read_version(name)
    except InvalidRequest:
        raise refused("parameter_invalid", "it is no version of the API", param="api_version") from None
