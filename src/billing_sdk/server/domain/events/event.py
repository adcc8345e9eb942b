"""An event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

EventSource = Literal["admin", "api", "user"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `id` starts with `event_`.

    Attributes:
        customer_id: whose event it is, if anybody's.
        sequence: counts that customer's events from 1 without a gap, so that a receiver can tell old news.
    """

    id: str
    type: str
    source: EventSource
    occurred_at: datetime
    data: Mapping[str, Any]
    customer_id: str | None = None
    sequence: int | None = None
