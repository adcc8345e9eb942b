"""Dunning: what follows when an invoice can't be collected.

    attempt fails ──► retries, each a while after the attempt before ──┐
        └──► grace, counted from the first failure ──► access closes ──┴──► the end

The end comes when the last retry has failed and the grace is over, whichever is later. A payment ends dunning at any
time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.periods import Duration

DunningEnd = Literal["cancel", "pause", "mark_uncollectible"]

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
