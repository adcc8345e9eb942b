"""Recorded usage events: what they say now, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Document, StoredUsageEvent
from billing_sdk.models.usage_event import exact
from billing_sdk.resources._base import MANAGEMENT, PAGE_SIZE, given, one, pages, raw, token_cursor, wire_time

PATH: Final = f"{MANAGEMENT}/billing/usage_events"
STORED: Final = one("usage_event", StoredUsageEvent.read)


class UsageTrail(Resource[C]):
    """Reads recorded events, and corrects them; an extension that only our own server has."""

    @operation
    def list_events(
        self,
        *,
        source: str | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name in CloudEvents
        type: str | None = None,  # noqa: A002 - as above
        subject: str | None = None,
        customer_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Flow[tuple[StoredUsageEvent, ...]]:
        """Return events as they stand, in the order of their arrival, each with its corrections (extension).

        Source and id together name one event. Whoever wants more than ten thousand asks for a shorter time.

        Args:
            source: which system reported them.
            id: unique within its source.
            type: what kind of use they are.
            subject: who used it, as the events name them.
            customer_id: whose usage, whatever the events call the customer.
            since: the first instant at which they count.
            until: the first one that is too late.

        Raises:
            NotFound: there is no such customer.
        """
        asked = given(source=source, id=id, type=type, subject=subject, customer_id=customer_id)
        asked |= {"from": wire_time(since, "since")} if since is not None else {}
        asked |= {"to": wire_time(until, "until")} if until is not None else {}

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call("GET", PATH, raw, params={"page_size": PAGE_SIZE, **asked, **cursor}, credential="machine")

        found = yield from pages(fetch, token_cursor, parameter="next_token")
        return tuple(
            event for page in found for event in Document(page, "answer").objects("usage_events", StoredUsageEvent.read)
        )

    @operation
    def cancel_event(
        self,
        *,
        source: str,
        id: str,  # noqa: A002 - as above
        reason: str,
        idempotency_key: str | None = None,
    ) -> Call[StoredUsageEvent]:
        """Have an event count no more, for good; what is billed already is adjusted later (extension).

        Raises:
            NotFound: there is no such event.
        """
        return _correcting({"source": source, "id": id, "action": "cancel", "reason": reason}, idempotency_key)

    @operation
    def amend_event(
        self,
        *,
        source: str,
        id: str,  # noqa: A002 - as above
        data: Mapping[str, Any],
        reason: str,
        idempotency_key: str | None = None,
    ) -> Call[StoredUsageEvent]:
        """Have an event say something else; it keeps its time, and its meters measure it anew (extension).

        Args:
            source: which system reported it.
            id: unique within its source.
            data: all that it should have said; numbers are exact (`int`, `Decimal` or digits).
            reason: for those who read the trail.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such event.
            EventCancelled: it was cancelled.
            InvalidQuantity: a meter finds no value that it takes, or a number is not exact.
        """
        named = {"source": source, "id": id, "action": "amend", "reason": reason}
        return _correcting({**named, "data": exact(data)}, idempotency_key)


def _correcting(body: Mapping[str, Any], idempotency_key: str | None) -> Call[StoredUsageEvent]:
    path = f"{PATH}/correct"
    return Call("POST", path, STORED, json=body, credential="machine", idempotency_key=idempotency_key)
