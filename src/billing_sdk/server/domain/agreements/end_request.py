"""A customer's wish to leave: why, from when on, and what an operator has decided about it.

Where nobody has to approve it, it is approved as it is made, and kept for its reason.

Source of the idea: Kinde documentation, "Plan cancellation request workflow"; of the reasons: Stripe documentation,
"Cancellation feedback".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.agreements.intent_action import Feedback

EndRequestStatus = Literal["waiting", "approved", "refused", "withdrawn"]
EndRequestEvent = Literal["approve", "refuse", "withdraw"]
LONGEST_COMMENT = 500

TRANSITIONS: dict[tuple[EndRequestStatus, EndRequestEvent], EndRequestStatus] = {
    ("waiting", "approve"): "approved",
    ("waiting", "refuse"): "refused",
    ("waiting", "withdraw"): "withdrawn",
}


@dataclass(frozen=True, slots=True)
class EndRequest:
    """A customer's wish that an agreement ends.

    Attributes:
        id: starts with `endrequest_`.
        ends_at: when it is to end, which is `asked_at` where it is to end at once.
        asked_by: the id of who asks.
        reason: why, if that was said.
        comment: the same in the customer's own words.
        decided_by: the id of who has decided, or taken the wish back; that of who asked where nobody had to.
        answer: what the customer is told with it.
    """

    id: str
    customer_id: str
    agreement_id: str
    plan_key: str
    asked_at: datetime
    ends_at: datetime
    asked_by: str
    reason: Feedback | None = None
    comment: str = ""
    status: EndRequestStatus = "waiting"
    decided_at: datetime | None = None
    decided_by: str | None = None
    answer: str = ""

    def after(self, event: EndRequestEvent, *, at: datetime, by: str, answer: str = "") -> EndRequest:
        """Return the request as it is after a decision.

        Raises:
            Conflict: it has been decided before, or taken back.
        """
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise Conflict(f"the request is {self.status} already", remedy="Look at it again.")
        return replace(self, status=status, decided_at=at, decided_by=by, answer=answer)
