"""Events that come to a door which keeps all that it can read; source: CloudEvents 1.0.2, "JSON Event Format"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.web.cloud_events import CloudEvent, KeptEvent, Refused, event_of, read_document, read_quickly

ONE, MANY, EITHER = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
KINDS = (ONE, MANY, EITHER)
MOST_EVENTS = 1_000
ATTRIBUTES = frozenset(
    {"id", "source", "specversion", "type", "subject", "time", "datacontenttype", "dataschema", "data"}
)


def read_events(content_types: Sequence[str], body: bytes) -> list[KeptEvent]:
    """Return the events of a body, all of them or none.

    Raises:
        InvalidRequest: it is not what its content type says, or one of its events is none.
        PayloadTooLarge: there are more than 1,000.
    """
    kind, _, parameters = (content_types[0] if len(content_types) == 1 else "").lower().partition(";")
    if kind.strip() not in KINDS or parameters.replace('"', "").strip() not in ("", "charset=utf-8"):
        raise InvalidRequest(f"the body is one of {', '.join(KINDS)}", parameter="content-type", source="header")
    events = read_quickly(body)
    found: Sequence[CloudEvent]
    if events is None:
        is_batch, found = _with_care(read_document(body))
    else:
        is_batch, found = isinstance(events, list), events if isinstance(events, list) else (events,)
    if kind.strip() != EITHER and is_batch is (kind.strip() == ONE):
        raise InvalidRequest("the body is not what its content type says", parameter="content-type", source="header")
    if len(found) > MOST_EVENTS:
        raise PayloadTooLarge(f"a batch has at most {MOST_EVENTS:,} events")
    return [KeptEvent.of(event) for event in found]


def _with_care(document: Any) -> tuple[bool, list[CloudEvent]]:
    is_batch = isinstance(document, list)
    items = document if isinstance(document, list) else [document]
    return is_batch, [_event(item, f"{place}." if is_batch else "") for place, item in enumerate(items)]


def _event(item: Any, before: str) -> CloudEvent:
    if isinstance(item, dict):
        unknown = next((name for name in item if name not in ATTRIBUTES), None)
        if unknown is not None:
            raise InvalidRequest(
                f'property "{unknown[:64]}" is unsupported',
                parameter=f"{before}{unknown[:64]}",
                rule="unknown_property",
            )
        missing = next((name for name in ("id", "source", "specversion", "type", "subject") if name not in item), None)
        if missing is not None:
            raise InvalidRequest(f'property "{missing}" is missing', parameter=f"{before}{missing}", rule="required")
    event = event_of(item)
    if isinstance(event, Refused):
        name = event.error.facts.get("parameter", "body")
        raise InvalidRequest(event.error.detail, parameter=f"{before}{name}")
    return event
