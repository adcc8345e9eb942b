"""A delivery: one event on its way to one endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryStatus = Literal["waiting", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where one event stands with one endpoint.

    Attributes:
        id: the `webhook-id` header, the same in every attempt.
        status: `dead` once the last attempt has failed; it can be sent again.
        attempts: how many were made since it was last put in the queue.
        due_at: when the next attempt is to be made.
        queued_at: when it was put in the queue: the schedule counts from here.
        lease: names the claim under which an attempt is being made; an answer under an older one is ignored.
        last_status: the HTTP status of the last attempt, None where no answer came.
        last_answer: the start of what the endpoint answered, or why there was no answer.
    """

    id: str
    endpoint_id: str
    event_id: str
    status: DeliveryStatus
    attempts: int
    due_at: datetime
    queued_at: datetime
    lease: str | None = None
    last_attempt_at: datetime | None = None
    last_status: int | None = None
    last_answer: str = ""
