"""Webhook endpoints: where events are sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.events import KNOWN_TYPES, Event, UnknownEvent
from billing_sdk.models import Document, EventType, WebhookDelivery, WebhookEndpoint
from billing_sdk.resources._base import MANAGEMENT, done, given, segment

PATH = f"{MANAGEMENT}/webhooks"

DeliveryStatus = Literal["waiting", "delivered", "dead"]


class WebhookEndpoints(Resource[C]):
    """Manages where events are sent; takes the machine credentials."""

    @operation
    def create(
        self, *, endpoint: str, event_types: Sequence[str], name: str, description: str | None = None
    ) -> Call[WebhookEndpoint]:
        """Send events of these types to an https address."""
        body = {"endpoint": endpoint, "event_types": [*event_types], "name": name, **given(description=description)}
        return Call("POST", PATH, _read_one, json=body, credential="machine")

    @operation
    def list(self) -> Call[tuple[WebhookEndpoint, ...]]:
        """Return every endpoint."""

        def read(data: Any) -> tuple[WebhookEndpoint, ...]:
            return Document(data, "answer").objects("webhooks", WebhookEndpoint.read)

        return Call("GET", PATH, read, credential="machine")

    @operation
    def update(
        self,
        webhook_id: str,
        *,
        event_types: Sequence[str] | None = None,
        name: str | None = None,
        description: str | None = None,
        is_enabled: bool | None = None,
    ) -> Call[WebhookEndpoint]:
        """Change what is given and leave the rest; the address can't be changed.

        Args:
            webhook_id: which endpoint.
            event_types: the types that it gets from now on.
            name: what people call it.
            description: what it is for.
            is_enabled: True brings an endpoint back that was disabled, and it gets all that waited, in order; False
                holds events off. This is an extension of the reference server.

        Raises:
            NotFound: there is no such endpoint.
        """
        body = given(event_types=event_types, name=name, description=description, is_enabled=is_enabled)
        path = f"{PATH}/{segment('webhook_id', webhook_id)}"
        return Call("PATCH", path, _read_one, json=body, credential="machine")

    @operation
    def delete(self, webhook_id: str) -> Call[None]:
        """Send nothing there any more.

        Raises:
            NotFound: there is no such endpoint.
        """
        return Call("DELETE", f"{PATH}/{segment('webhook_id', webhook_id)}", done, credential="machine")

    @operation
    def event_types(self) -> Call[tuple[EventType, ...]]:
        """Return the kinds of event that an endpoint can ask for."""

        def read(data: Any) -> tuple[EventType, ...]:
            return Document(data, "answer").objects("event_types", EventType.read)

        return Call("GET", f"{MANAGEMENT}/event_types", read, credential="machine")

    @operation
    def event(self, event_id: str) -> Call[Event]:
        """Return one event as the server keeps it.

        Raises:
            NotFound: there is no such event.
        """
        path = f"{MANAGEMENT}/events/{segment('event_id', event_id)}"
        return Call("GET", path, _read_event, credential="machine")

    @operation
    def events(self, *, starting_after: str | None = None) -> Call[tuple[Event, ...]]:
        """Return up to 200 events in the order in which they were written, from the oldest on (extension).

        Args:
            starting_after: the id of an event; only later ones are returned. An application that keeps the last one
                that it has handled catches up with it.
        """

        def read(data: Any) -> tuple[Event, ...]:
            return Document(data, "answer").objects("events", _event)

        params = {"page_size": "200", **given(starting_after=starting_after)}
        return Call("GET", f"{MANAGEMENT}/events", read, params=params, credential="machine")

    @operation
    def replay(self, event_id: str, *, webhook_id: str | None = None) -> Call[tuple[str, ...]]:
        """Send an event again, to one endpoint or to all that want it; return the ids of those endpoints.

        This is an extension of the reference server; hosted providers do not have it.

        Raises:
            NotFound: there is no such event or endpoint.
        """

        def read(data: Any) -> tuple[str, ...]:
            return Document(data, "answer").texts("webhook_ids")

        path = f"{MANAGEMENT}/events/{segment('event_id', event_id)}/replay"
        return Call("POST", path, read, json=given(webhook_id=webhook_id), credential="machine")

    @operation
    def deliveries(self, webhook_id: str, *, status: DeliveryStatus | None = None) -> Call[tuple[WebhookDelivery, ...]]:
        """Return how an endpoint's newest 500 events stand; `status="dead"` shows what it has missed.

        This is an extension of the reference server; hosted providers do not have it.

        Raises:
            NotFound: there is no such endpoint.
        """

        def read(data: Any) -> tuple[WebhookDelivery, ...]:
            return Document(data, "answer").objects("deliveries", WebhookDelivery.read)

        path = f"{PATH}/{segment('webhook_id', webhook_id)}/deliveries"
        return Call("GET", path, read, params={"page_size": "500", **given(status=status)}, credential="machine")

    @operation
    def replay_all(self, webhook_id: str, *, starting_after: str | None = None, only_dead: bool = False) -> Call[int]:
        """Send an endpoint again what it missed, in each customer's order; return how many events that are.

        This is an extension of the reference server; hosted providers do not have it.

        Args:
            webhook_id: which endpoint.
            starting_after: the last event that the endpoint has seen; without it, everything since the beginning.
            only_dead: only what was given up after the last attempt.

        Raises:
            NotFound: there is no such event or endpoint.
        """

        def read(data: Any) -> int:
            return Document(data, "answer").whole_or_none("count") or 0

        body = given(starting_after=starting_after, only_dead=only_dead or None)
        path = f"{PATH}/{segment('webhook_id', webhook_id)}/replay"
        return Call("POST", path, read, json=body, credential="machine")


def _read_one(data: Any) -> WebhookEndpoint:
    return WebhookEndpoint.read(Document(data, "answer").object("webhook").members)


def _read_event(data: Any) -> Event:
    return _event(Document(data, "answer").object("event").members)


def _event(data: Any) -> Event:
    document = Document(data, "event")
    seconds = document.members.get("timestamp")
    # The published schema says seconds, the published text says ISO 8601.
    occurred_at = (
        datetime.fromtimestamp(seconds, UTC)
        if type(seconds) is int and 0 <= seconds < 2**33
        else document.instant_or_none("timestamp")
    )
    kind = Event if document.text("type") in KNOWN_TYPES else UnknownEvent
    return kind(
        type=document.text("type"),
        id=document.text("event_id"),
        source=document.text_or_none("source") or "",
        occurred_at=occurred_at or datetime.fromtimestamp(0, UTC),
        data=document.object("data").members,
    )
