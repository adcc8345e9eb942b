"""Event destinations of v2: where events are sent to, of either form.

Destinations here are webhook endpoints; those of Amazon and Azure are refused by name. The secret that signs bodies is
told once, to whoever makes a destination and asks for it.
Source: Stripe API reference, Event Destinations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError, Conflict, InvalidRequest, NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.event_bodies import NEWEST_NAME, EventView, whole
from billing_sdk.server.api.stripe.ids import DestinationId, ours, path_id
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import EngineOf, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode, Metadata, merged
from billing_sdk.server.api.stripe.versions import read_version
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ping_endpoint import ping_endpoint
from billing_sdk.server.usecases.signed_endpoints import (
    SIGNED,
    register_signed_endpoint,
    update_signed_endpoint,
)
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND: Final = "event_destination"
URL: Final = "webhook_endpoint.url"
SECRET: Final = "webhook_endpoint.signing_secret"  # noqa: S105 - the name of a member
SELF: Final = "@self"
MISSING: Final[Mapping[type[BillingError], str]] = {NotFound: "event_destination_not_found"}
FULL: Final[Mapping[type[BillingError], Refusal]] = {Conflict: Refusal("too_many_event_destinations")}

Name = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=2_000)]
Types = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=200)]
Address = Annotated[str, Field(max_length=2_048)]


class WebhookBody(Body):
    """An address."""

    url: Address


class NewDestination(Body):
    """A destination to be."""

    name: Name
    type: str
    event_payload: Literal["snapshot", "thin"]
    enabled_events: Types
    description: Words | None = None
    events_from: list[str] | None = None
    include: list[str] | None = None
    metadata: Metadata | None = None
    snapshot_api_version: str | None = None
    webhook_endpoint: WebhookBody | None = None
    amazon_eventbridge: Any = None
    azure_event_grid: Any = None


class DestinationChange(Body):
    """What is to be another; what is left out stays."""

    name: Name | None = None
    description: Words | None = None
    enabled_events: Types | None = None
    include: list[str] | None = None
    metadata: Metadata | None = None
    webhook_endpoint: WebhookBody | None = None


class NothingMore(Body):
    """A body without members."""


class DestinationFilters(Filters):
    """What is shown of each destination."""

    include: list[str] | None = None


DESTINATIONS: Final = Listing(DestinationFilters)


class WebhookView(View):
    """What is hidden unless it was asked for."""

    signing_secret: str | None = None
    url: str | None = None


class DisabledView(View):
    """Why nothing is sent."""

    reason: str


class StatusView(View):
    """More about the status."""

    disabled: DisabledView | None


class DestinationView(View):
    """A destination."""

    id: DestinationId
    object: Literal["v2.core.event_destination"] = "v2.core.event_destination"
    amazon_eventbridge: None = None
    azure_event_grid: None = None
    created: Instant
    description: str
    enabled_events: list[str]
    event_payload: str
    events_from: list[str]
    livemode: Livemode = None
    metadata: dict[str, str]
    name: str
    snapshot_api_version: str | None
    status: Literal["enabled", "disabled"]
    status_details: StatusView | None
    type: Literal["webhook_endpoint"] = "webhook_endpoint"
    updated: Instant
    webhook_endpoint: WebhookView

    @classmethod
    def of(cls, found: Endpoint, include: Sequence[str] = (), *, secret: Secret | None = None) -> DestinationView:
        """Show a destination; its secret only where it was made just now."""
        disabled = None
        if not found.is_enabled:
            reason = "user" if found.disabled_reason == "asked" else found.disabled_reason or "user"
            disabled = StatusView(disabled=DisabledView(reason=reason))
        told = secret.reveal() if secret is not None and SECRET in include else None
        return cls(
            id=found.id,
            created=found.created_at,
            description=found.description,
            enabled_events=list(found.event_types),
            event_payload=found.format,
            events_from=[SELF],
            metadata=dict(found.metadata),
            name=found.name,
            snapshot_api_version=(found.api_version or NEWEST_NAME) if found.format == "snapshot" else None,
            status="enabled" if found.is_enabled else "disabled",
            status_details=disabled,
            updated=found.created_at,
            webhook_endpoint=WebhookView(signing_secret=told, url=found.url if URL in include else None),
        )


class DeletedDestination(View):
    """What is left of a destination."""

    id: DestinationId
    object: Literal["v2.core.event_destination"] = "v2.core.event_destination"


@router.post("/core/event_destinations", **v2("create:webhooks"))
def create_destination(body: NewDestination, once: OnlyOnce) -> Response:
    """Have events sent to an address from now on."""
    url = _address_of(body)
    include = _include(body.include, URL, SECRET)

    def serve(engine: Engine) -> View:
        with _in_words_of_v2():
            endpoint, secret = register_signed_endpoint(
                engine,
                url=url,
                format=body.event_payload,
                event_types=body.enabled_events,
                name=body.name,
                description=body.description or "",
                metadata=merged({}, body.metadata or {}),
                api_version=body.snapshot_api_version,
            )
        return DestinationView.of(endpoint, include, secret=secret)

    return once(serve, body, again=lambda engine, shown_id: _made_before(engine, shown_id, include))


@router.get("/core/event_destinations", **v2("read:webhooks"))
def list_destinations(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[DestinationFilters], Depends(DESTINATIONS)]
) -> Response:
    """List destinations, the newest first."""
    include = _include(wanted.filters.include, URL)
    with engine.read() as tx:
        found = tuple(reversed(tx.endpoints.list(*SIGNED)))
    return answer(wanted.page(found, lambda one: DestinationView.of(one, include), place_of=lambda one: one.id))


@router.get("/core/event_destinations/{event_destination_id}", **v2("read:webhooks", codes=MISSING))
def get_destination(
    request: Request,
    engine: EngineOf,
    answer: Answering,
    event_destination_id: Annotated[str, path_id(KIND)],
    wanted: Annotated[Wanted[DestinationFilters], Depends(DESTINATIONS)],
) -> Response:
    """Get a destination."""
    del request
    include = _include(wanted.filters.include, URL)
    with engine.read() as tx:
        return answer(DestinationView.of(tx.endpoints.get(event_destination_id, *SIGNED), include))


@router.post("/core/event_destinations/{event_destination_id}", **v2("update:webhooks", codes=MISSING))
def update_destination(
    event_destination_id: Annotated[str, path_id(KIND)], body: DestinationChange, once: OnlyOnce
) -> Response:
    """Change what is given of a destination."""
    include = _include(body.include, URL)

    def serve(engine: Engine) -> View:
        with _in_words_of_v2():
            endpoint = update_signed_endpoint(
                engine,
                endpoint_id=event_destination_id,
                url=None if body.webhook_endpoint is None else body.webhook_endpoint.url,
                name=body.name,
                description=body.description,
                event_types=body.enabled_events,
                metadata=body.metadata,
            )
        return DestinationView.of(endpoint, include)

    return once(serve, body, again=lambda engine, shown_id: _shown(engine, shown_id, include))


@router.delete("/core/event_destinations/{event_destination_id}", **v2("delete:webhooks", codes=MISSING))
def delete_destination(event_destination_id: Annotated[str, path_id(KIND)], once: OnlyOnce) -> Response:
    """Forget a destination together with all that waits for it."""

    def serve(engine: Engine) -> View:
        delete_endpoint(engine, endpoint_id=event_destination_id, formats=SIGNED)
        return DeletedDestination(id=event_destination_id)

    return once(serve)


@router.post("/core/event_destinations/{event_destination_id}/enable", **v2("update:webhooks", codes=MISSING))
def enable_destination(
    event_destination_id: Annotated[str, path_id(KIND)], body: NothingMore, once: OnlyOnce
) -> Response:
    """Go on with a destination, and with what waits for it."""
    return _switch(event_destination_id, body, once, is_enabled=True)


@router.post("/core/event_destinations/{event_destination_id}/disable", **v2("update:webhooks", codes=MISSING))
def disable_destination(
    event_destination_id: Annotated[str, path_id(KIND)], body: NothingMore, once: OnlyOnce
) -> Response:
    """Send a destination nothing until it is enabled again."""
    return _switch(event_destination_id, body, once, is_enabled=False)


@router.post("/core/event_destinations/{event_destination_id}/ping", **v2("update:webhooks", codes=MISSING))
def ping_destination(
    answer: Answering, event_destination_id: Annotated[str, path_id(KIND)], body: NothingMore, once: OnlyOnce
) -> Response:
    """Send a destination an event that says nothing, whatever types it has asked for."""

    def serve(engine: Engine) -> View:
        event = ping_endpoint(engine, endpoint_id=event_destination_id)
        return EventView(**whole(event, is_live=answer.rendering.is_live))

    return once(serve, body)


def _switch(endpoint_id: str, body: NothingMore, once: OnlyOnce, *, is_enabled: bool) -> Response:
    def serve(engine: Engine) -> View:
        return DestinationView.of(update_signed_endpoint(engine, endpoint_id=endpoint_id, is_enabled=is_enabled))

    return once(serve, body, again=_shown)


def _shown(engine: Engine, shown_id: str, include: Sequence[str] = ()) -> View:
    with engine.read() as tx:
        return DestinationView.of(tx.endpoints.get(ours(KIND, shown_id), *SIGNED), include)


@contextmanager
def _in_words_of_v2() -> Iterator[None]:
    """Let what is wrong with an address be told of the member that holds it here."""
    try:
        with telling(FULL):
            yield
    except InvalidRequest as error:
        if error.facts.get("parameter") != "url":
            raise
        raise refused("parameter_invalid", error.detail, param=URL, remedy=error.remedy) from error


def _made_before(engine: Engine, shown_id: str, include: Sequence[str]) -> View:
    """Show whoever has made a destination, and asks again, what they were told: the answer may have been lost."""
    with engine.read() as tx:
        found = tx.endpoints.get(ours(KIND, shown_id), *SIGNED)
        secrets = tx.endpoints.secrets_of(found.id, at=engine.now())
        return DestinationView.of(found, include, secret=next(iter(secrets), None))


def _address_of(body: NewDestination) -> str:
    """Return the address that a new destination names.

    Raises:
        InvalidRequest: it is a destination of another type, or what it says does not go together.
    """
    if body.type in ("amazon_eventbridge", "azure_event_grid"):
        raise refused(
            "event_destination_type_unsupported",
            f"events are not sent to {body.type} from here",
            param="type",
            remedy="Use a webhook_endpoint.",
        )
    if body.type != "webhook_endpoint":
        raise refused("parameter_invalid", "it is no type of destination", param="type")
    for name in ("amazon_eventbridge", "azure_event_grid"):
        if getattr(body, name) is not None:
            raise refused("parameter_invalid", "it does not belong to a webhook endpoint", param=name)
    if body.webhook_endpoint is None:
        raise refused("parameter_missing", "a webhook endpoint needs an address", param="webhook_endpoint.url")
    if set(body.events_from or [SELF]) != {SELF}:
        raise refused("parameter_invalid", "there are no other accounts here", param="events_from")
    if body.snapshot_api_version is not None:
        if body.event_payload == "thin":
            raise refused("parameter_invalid", "thin events have no version", param="snapshot_api_version")
        _check_version(body.snapshot_api_version)
    return body.webhook_endpoint.url


def _check_version(name: str) -> None:
    try:
        read_version(name)
    except InvalidRequest:
        raise refused("parameter_invalid", "it is no version of the API", param="snapshot_api_version") from None


def _include(wanted: Sequence[str] | None, *known: str) -> tuple[str, ...]:
    """Return which hidden members are wanted.

    Raises:
        InvalidRequest: one is not hidden here, or is never shown.
    """
    for place, name in enumerate(wanted or ()):
        if name not in known:
            raise refused("parameter_invalid", f"{name[:80]!r} can't be included", param=f"include[{place}]")
    return tuple(wanted or ())
