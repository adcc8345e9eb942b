"""Workspace plans: what the operator of a workspace pays for it, and how much of everything it may have.

Source: KolayLogin documentation, "Billing": Hobby by default, an annual price that is a fifth lower, and caps.
The amounts are this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

Cap = Literal["seats", "monthly_active_users", "applications", "webhooks"]
CAPS: Final[tuple[Cap, ...]] = get_args(Cap)
CAP_WORDS: Final[Mapping[Cap, str]] = MappingProxyType({cap: cap.replace("_", " ") for cap in CAPS})
# The group that they are in, and which nobody else is offered.
PLAN_GROUP: Final = "workspace"
MONTHS: Final = 12
ANNUAL_PERCENT: Final = 80


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """One plan.

    Attributes:
        key: as agreements name it; that of the annual one ends in `_yearly`.
        monthly_minor: what a month costs, in cents.
        caps: how many of each there may be; None is no limit. Active users above it are let in, and paid for.
        extra_user_minor: what each active user above the limit costs in a month, in cents.
    """

    key: str
    name: str
    monthly_minor: int
    caps: Mapping[Cap, int | None]
    extra_user_minor: int = 0

    @property
    def annual_minor(self) -> int:
        """What a year costs, in cents: a fifth less than twelve months."""
        return self.monthly_minor * MONTHS * ANNUAL_PERCENT // 100

    @property
    def annual_key(self) -> str:
        """What agreements call it that are paid by the year."""
        return f"{self.key}_yearly"

    def users_above(self, active_users: int) -> int:
        """Return how many of so many active users are above the limit."""
        limit = self.caps["monthly_active_users"]
        return 0 if limit is None else max(0, active_users - limit)


def _caps(seats: int, monthly_active_users: int, applications: int, webhooks: int) -> Mapping[Cap, int | None]:
    return dict(zip(CAPS, (seats, monthly_active_users, applications, webhooks), strict=True))


HOBBY: Final = WorkspacePlan("workspace_hobby", "Hobby", 0, _caps(1, 1_000, 3, 2))
PLANS: Final = (
    HOBBY,
    WorkspacePlan("workspace_pro", "Pro", 2_500, _caps(10, 10_000, 20, 10), extra_user_minor=2),
    WorkspacePlan("workspace_scale", "Scale", 25_000, dict.fromkeys(CAPS)),
)
BY_KEY: Final[Mapping[str, WorkspacePlan]] = MappingProxyType(
    {key: plan for plan in PLANS for key in (plan.key, plan.annual_key)}
)
