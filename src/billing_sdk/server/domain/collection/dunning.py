"""Dunning: what follows when an invoice can't be collected.

    attempt fails ──► retries, each a while after the attempt before ──┐
        └──► grace, counted from the first failure ──► access closes ──┴──► the end

The end comes when the last retry has failed and the grace is over, whichever is later. A payment ends dunning at any
time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.periods import Duration

DunningEnd = Literal["cancel", "pause", "mark_uncollectible"]
# Paid in the end; owed no more, since the invoice was made void, credited or written off; or what the policy says.
DunningOutcome = Literal["paid", "not_owed", "cancelled", "paused", "uncollectible"]

MOST_RETRIES = 20
RETRIES = (Duration(days=3), Duration(days=5), Duration(days=7))
GRACE = Duration(days=14)


@dataclass(frozen=True, slots=True)
class DunningPolicy:
    """When a failed payment is tried again, and what happens when that is in vain.

    Attributes:
        retry_after: how long each retry comes after the attempt before it.
        grace: how long the customer keeps what the plan includes, from the first failure on.
        at_end: what becomes of the agreement, or of the invoice, when neither retries nor grace are left.

    Raises:
        InvalidRequest: there are more than twenty retries, one comes at once, or the end is none.
    """

    retry_after: tuple[Duration, ...] = RETRIES
    grace: Duration = GRACE
    at_end: DunningEnd = "cancel"

    def __post_init__(self) -> None:
        if len(self.retry_after) > MOST_RETRIES:
            raise InvalidRequest(f"there are at most {MOST_RETRIES} retries", parameter="dunning.retry_after")
        if any(wait.is_zero for wait in self.retry_after):
            raise InvalidRequest("a retry comes some time after an attempt", parameter="dunning.retry_after")
        if self.at_end not in get_args(DunningEnd):
            raise InvalidRequest("the end is none that there is", parameter="dunning.at_end")

    def retry_at(self, failures: int, last_at: datetime) -> datetime | None:
        """Return when to try again after so many failures, the last of them at an instant; None: not any more."""
        retries_made = failures - 1
        return self.retry_after[retries_made].after(last_at) if retries_made < len(self.retry_after) else None

    def grace_ends_at(self, first_failed_at: datetime) -> datetime:
        """Return when access closes after a first failure."""
        return self.grace.after(first_failed_at)


@dataclass(frozen=True, slots=True)
class Dunning:
    """How it stands with an invoice that could not be collected.

    Attributes:
        policy: what was decided when it began; a profile that changes later changes nothing here.
        started_at: the first failure, or the due date of an invoice that was sent.
        failures: how many attempts have failed: the first one, and the retries of the schedule. What the customer
            tries of its own accord is no part of the schedule.
        last_failed_at: when the last of them has.
        closed_at: when the grace was over, and access closed.
        ended_at: when it was over, one way or another.
    """

    invoice_id: str
    customer_id: str
    policy: DunningPolicy
    started_at: datetime
    failures: int
    last_failed_at: datetime
    closed_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: DunningOutcome | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether anything of it is still to come."""
        return self.ended_at is None

    @property
    def retry_at(self) -> datetime | None:
        """When the next retry is due; None where none is left."""
        return self.policy.retry_at(self.failures, self.last_failed_at) if self.is_under_way else None

    @property
    def grace_ends_at(self) -> datetime:
        """When access closes, or has."""
        return self.policy.grace_ends_at(self.started_at)

    @property
    def is_in_vain(self) -> bool:
        """Whether neither retries nor grace are left, so that it has to come to its end."""
        return self.is_under_way and self.retry_at is None and self.closed_at is not None

    def failed(self, at: datetime) -> Dunning:
        """Return it after another attempt of the schedule has failed."""
        return replace(self, failures=self.failures + 1, last_failed_at=at)

    def closed(self, at: datetime) -> Dunning:
        """Return it after the grace."""
        return replace(self, closed_at=at)

    def ended(self, outcome: DunningOutcome, at: datetime) -> Dunning:
        """Return it as it is when it is over."""
        return replace(self, outcome=outcome, ended_at=at)
