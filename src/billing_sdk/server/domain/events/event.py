"""An event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

EventSource = Literal["admin", "api", "user"]
# A whole state in a signed token; a note of what has changed, for those who fetch it; or one with the object itself.
EventForm = Literal["jwt", "thin", "snapshot"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `id` starts with `event_`.

    Attributes:
        customer_id: whose event it is, if anybody's.
        sequence: counts that customer's events from 1 without a gap, so that a receiver can tell old news; only those
            in the form of a token are counted.
        form: how it is written; only endpoints of the same form hear of it.
        subject: the kind and id of what a thin event or a snapshot is about, with a slash between.
    """

    id: str
    type: str
    source: EventSource
    occurred_at: datetime
    data: Mapping[str, Any]
    customer_id: str | None = None
    sequence: int | None = None
    form: EventForm = "jwt"
    subject: str | None = None
