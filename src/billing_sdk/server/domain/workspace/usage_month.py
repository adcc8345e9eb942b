"""Usage months: how many people were active in a month, and what that costs the workspace beyond its plan.

Source: KolayLogin documentation, "Billing": users are counted every six hours, a month closes one day after its end,
and what is above the plan goes on the next invoice as one item.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from billing_sdk.server.domain.workspace.plan import WorkspacePlan

SNAPSHOT_EVERY: Final = timedelta(hours=6)
CLOSES_AFTER: Final = timedelta(days=1)
# Whoever looks in once and never comes back is nobody's user.
RETAINED_AFTER: Final = timedelta(days=1)
DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class UsageMonth:
    """One month in UTC.

    Attributes:
        month: such as `2026-11`.
        active_users: how many people were active by the latest count; it never falls.
        counted_at: when that was.
        closed_at: when it was settled; None before.
        overage_users: how many were above the plan's limit; None before it is closed.
        bill_id: the invoice that they are charged on; None where nothing is.
    """

    month: str
    active_users: int
    counted_at: datetime
    closed_at: datetime | None = None
    overage_users: int | None = None
    bill_id: str | None = None

    @property
    def ends_at(self) -> datetime:
        """The first instant that does not belong to it."""
        year, number = (int(part) for part in self.month.split("-"))
        return datetime(year + number // DECEMBER, number % DECEMBER + 1, 1, tzinfo=UTC)

    def needs_count(self, at: datetime) -> bool:
        """Tell whether the latest count is too old; that of a month which is over is taken once more, at its end."""
        return at - self.counted_at >= SNAPSHOT_EVERY or self.counted_at < self.ends_at <= at

    def is_closing(self, at: datetime) -> bool:
        """Tell whether it has to be settled now."""
        return self.closed_at is None and at >= self.ends_at + CLOSES_AFTER

    def counted(self, active_users: int, at: datetime) -> UsageMonth:
        """Return it with a new count; people whose accounts were deleted since have been active all the same."""
        return replace(self, active_users=max(self.active_users, active_users), counted_at=at)

    def closed(self, plan: WorkspacePlan, at: datetime, *, bill_id: str | None) -> UsageMonth:
        """Return it settled under a plan."""
        return replace(self, closed_at=at, overage_users=plan.users_above(self.active_users), bill_id=bill_id)


def month_of(at: datetime) -> str:
    """Return the month in UTC that an instant lies in."""
    return f"{at.astimezone(UTC):%Y-%m}"


def is_retained(*, signed_up_at: datetime, at: datetime) -> bool:
    """Tell whether somebody who is here counts as a user: not on the day of the sign-up."""
    return at - signed_up_at >= RETAINED_AFTER
