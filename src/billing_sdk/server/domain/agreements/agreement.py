"""An agreement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.server.domain.agreements.lifecycle import LIVE, AgreementEvent, AgreementStatus, after
from billing_sdk.server.domain.agreements.period import Interval, period_at
from billing_sdk.server.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Agreement:
    """A customer's contract for one version of a plan.

    Attributes:
        id: starts with `agreement_`.
        is_unpaid: the plan was assigned to somebody who had no card; its price is asked for at each sign-in
            until it is paid.
    """

    id: str
    customer_id: str
    group_id: str
    plan_key: str
    plan_version_id: str
    status: AgreementStatus
    interval: Interval
    started_at: datetime
    ended_at: datetime | None = None
    is_unpaid: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the customer has what the plan includes."""
        return self.status in LIVE

    def period_at(self, at: datetime) -> Period:
        """Return the period that contains `at`."""
        return period_at(self.started_at, self.interval, at)

    def ended_by(self, event: AgreementEvent, at: datetime) -> Agreement:
        """Return the agreement as it is after an event that ends it.

        Raises:
            AgreementNotLive: it has ended before.
        """
        return replace(self, status=after(self.status, event), ended_at=at)
