"""Events as clients of this door read them: thin ones, and those that carry a snapshot.

A thin event says which object it is about and where that is fetched. Whoever looks it up is told a little more, `data`,
which is not sent. A snapshot carries the object as it was when the transaction that is told of ended; one that nobody
was there to hear of shows it as it is when it is looked up for the first time.
Source: Stripe API reference, Events (v1) and Events (v2).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic import ConfigDict

from billing_sdk.server.api.stripe.answers import rendered
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.event_subjects import SNAPSHOT_IDS, named, related
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.snapshots import shown_thing
from billing_sdk.server.api.stripe.values import instant_text, unix_seconds
from billing_sdk.server.api.stripe.versions import NEWEST, read_version
from billing_sdk.server.domain.events import Endpoint, Event
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)

NEWEST_NAME: Final = f"{NEWEST.date}.endive"


class EventView(View):
    """An event as it is shown; its members were put together before."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class EventDoor:
    """Writes the bodies of events; handed to the engine by whoever puts the server together.

    Attributes:
        engine: for what things are shown by beside what is kept of them, such as addresses; nothing is read through it.
    """

    engine: Engine

    @property
    def is_live(self) -> bool:
        """Whether events are of a live environment."""
        return self.engine.settings.environment == "live"

    def body(self, tx: UnitOfWork, event: Event, endpoint: Endpoint) -> str:
        """Return what is sent of an event to an endpoint, the same at every attempt."""
        if event.form == "thin":
            return json.dumps(thin(event, is_live=self.is_live))
        kept = self.kept(tx, event, endpoint.api_version)
        return json.dumps(snapshot(kept, endpoint.api_version, is_live=self.is_live, waiting=1))

    def kept(self, tx: UnitOfWork, event: Event, api_version: str | None) -> Event:
        """Return a snapshot with its object in the shape of a version, and keep that it was shown so."""
        name = api_version or NEWEST_NAME
        objects = event.data.get("objects", {})
        if name in objects:
            return event
        found = self.objects_of(tx, event.subject or "", frozenset({api_version}))
        shown = replace(event, data={**event.data, "objects": {**objects, **found}})
        tx.pointing_events.keep_data(shown)
        return shown

    def objects_of(self, tx: UnitOfWork, subject: str, versions: frozenset[str | None]) -> Mapping[str, Any]:
        """Return the object that a snapshot is about, as it is now, by versions; its name where it is not shown."""
        kind, _, our_id = subject.partition("/")
        try:
            view = shown_thing(tx, self.engine, subject)
        except Exception as error:  # noqa: BLE001 - what has happened is not undone because it can't be shown
            logger.warning("%s can't be shown (%s)", subject, type(error).__name__)
            view = None
        if view is None:
            name = {"id": named(SNAPSHOT_IDS.get(kind, kind), our_id, is_live=self.is_live), "object": kind}
            return {version or NEWEST_NAME: name for version in versions}
        shapes = {version: NEWEST if version is None else read_version(version) for version in versions}
        return {
            version or NEWEST_NAME: json.loads(rendered(view, Rendering(shape, self.is_live)))
            for version, shape in shapes.items()
        }


def thin(event: Event, *, is_live: bool) -> dict[str, Any]:
    """Return a thin event as it is sent."""
    found = related(event.subject or "", is_live=is_live)
    reason = _reason(event)
    return {
        "id": named("event", event.id, is_live=is_live),
        "object": "v2.core.event",
        "type": event.type,
        "created": instant_text(event.occurred_at),
        "livemode": is_live,
        **({} if found is None else {"related_object": {"id": found.id, "type": found.type, "url": found.url}}),
        **({} if reason is None else {"reason": reason}),
    }


def whole(event: Event, *, is_live: bool) -> dict[str, Any]:
    """Return a thin event as it is looked up: with what is told beside."""
    data = event.data.get("data")
    told = {} if not data else {"data": told_beside(data, is_live=is_live)}
    nothing = dict.fromkeys(("changes", "context", "reason", "snapshot_event", "v1_event_id"))
    return {**nothing, **thin(event, is_live=is_live), **told}


def told_beside(data: Any, *, is_live: bool) -> Any:
    """Return what is told beside, in which ids of ours and instants are marked by their kinds."""
    if isinstance(data, Mapping):
        return {name: told_beside(value, is_live=is_live) for name, value in data.items()}
    if not isinstance(data, list):
        return data
    match data:
        case ["instant", str(at)]:
            return instant_text(datetime.fromisoformat(at))
        case [str(kind), str(our_id)]:
            return named(kind, our_id, is_live=is_live)
        case _:
            return [told_beside(value, is_live=is_live) for value in data]


def snapshot(event: Event, api_version: str | None, *, is_live: bool, waiting: int) -> dict[str, Any]:
    """Return an event with a snapshot; `waiting` is how many endpoints have still to hear of it."""
    name = api_version or NEWEST_NAME
    request = event.data.get("request") or {}
    return {
        "id": named("event", event.id, is_live=is_live),
        "object": "event",
        "account": None,
        "api_version": name,
        "created": unix_seconds(event.occurred_at),
        "data": {"object": event.data["objects"][name]},
        "livemode": is_live,
        "pending_webhooks": waiting,
        "request": {"id": request.get("id"), "idempotency_key": request.get("idempotency_key")},
        "type": event.type,
    }


def _reason(event: Event) -> dict[str, Any] | None:
    request = event.data.get("request")
    if not request or not request.get("idempotency_key"):
        return None
    return {"type": "request", "request": {"id": request["id"], "idempotency_key": request["idempotency_key"]}}
