"""A timer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_sdk.server.domain.timers.kinds import TimerKind

# How long a timer rests after each failure; the last one holds from there on.
RESTS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
)


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is to happen to a subject at an instant, once.

    Attributes:
        id: starts with `timer_`.
        subject_id: what it is about, such as an agreement; a subject has at most one timer of a kind.
        customer_id: whose time it goes by.
        clock_id: the customer's test clock, if there is one.
        due_at: when it is to happen, on the customer's time line.
        attempts: how often it has been taken; whoever took it last is the only one who can finish it.
    """

    id: str
    kind: TimerKind
    subject_id: str
    customer_id: str
    due_at: datetime
    clock_id: str | None = None
    attempts: int = 0

    def lag(self, at: datetime) -> timedelta:
        """Return how long it has been due."""
        return max(at - self.due_at, timedelta())


def rest_after(attempts: int) -> timedelta:
    """Return how long a timer rests, in real time, when it has failed for the given time in a row."""
    return RESTS[min(max(attempts, 1), len(RESTS)) - 1]
