"""Workspace plans: what the operator of a workspace pays for it, and how much of everything it may have.

Source: KolayLogin documentation, "Billing": Hobby by default, an annual price that is a fifth lower, and caps.
The amounts are this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

Cap = Literal["seats", "applications", "webhooks"]
CAPS: Final[tuple[Cap, ...]] = get_args(Cap)
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
        caps: how many of each there may be; None is no limit.
    """

    key: str
    name: str
    monthly_minor: int
    caps: Mapping[Cap, int | None]

    @property
    def annual_minor(self) -> int:
        """What a year costs, in cents: a fifth less than twelve months."""
        return self.monthly_minor * MONTHS * ANNUAL_PERCENT // 100

    @property
    def annual_key(self) -> str:
        """What agreements call it that are paid by the year."""
        return f"{self.key}_yearly"


HOBBY: Final = WorkspacePlan("workspace_hobby", "Hobby", 0, {"seats": 1, "applications": 3, "webhooks": 2})
PLANS: Final = (
    HOBBY,
    WorkspacePlan("workspace_pro", "Pro", 2_500, {"seats": 10, "applications": 20, "webhooks": 10}),
    WorkspacePlan("workspace_scale", "Scale", 25_000, dict.fromkeys(CAPS)),
)
BY_KEY: Final[Mapping[str, WorkspacePlan]] = MappingProxyType(
    {key: plan for plan in PLANS for key in (plan.key, plan.annual_key)}
)
