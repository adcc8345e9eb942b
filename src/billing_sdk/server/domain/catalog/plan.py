"""Plans, their versions, and the components that a version is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

from billing_sdk.money import Money, total
from billing_sdk.server.domain.customers import CustomerKind

PlanStatus = Literal["draft", "published", "archived"]


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Plans of which a customer holds at most one at a time; for people or for organizations, never both."""

    id: str
    key: str
    name: str
    scope: CustomerKind
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class LicenceFee:
    """A fixed charge for every interval, paid in advance."""

    id: str
    key: str
    name: str
    amount: Money
    line_description: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A price for each unit of a metered feature, charged in arrears; `unit_amount` is in exact minor units."""

    id: str
    feature_key: str
    name: str
    unit_amount: Decimal
    currency: str
    line_description: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A feature that comes with the plan; `limit_max` None means without limit (metered) or simply included."""

    id: str
    feature_key: str
    feature_name: str
    limit_max: int | None = None
    limit_min: int | None = None


Component: TypeAlias = LicenceFee | Rate | Entitlement
Kind = TypeVar("Kind", LicenceFee, Rate, Entitlement)


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """What customers of a plan agree to; it never changes, and a customer stays on theirs."""

    id: str
    plan_key: str
    number: int
    currency: str
    components: tuple[Component, ...]
    created_at: datetime

    def of_kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the components of one kind, in their order."""
        return tuple(component for component in self.components if isinstance(component, kind))

    @property
    def price(self) -> Money:
        """What each interval costs in advance: the licence fees together."""
        return total([fee.amount for fee in self.of_kind(LicenceFee)], self.currency)

    @property
    def is_free(self) -> bool:
        """Whether nothing at all can ever be charged."""
        return not self.price and not any(rate.unit_amount for rate in self.of_kind(Rate))


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it can be bought today, with its newest version."""

    key: str
    name: str
    description: str
    group: PlanGroup
    status: PlanStatus
    version: PlanVersion
    interval: Literal["month", "year"] = "month"
    position: int = 0
