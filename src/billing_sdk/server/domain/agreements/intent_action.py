"""What a billing intent is to do: subscribe, modify, deactivate, and put a discount on a cadence or take it off.

Source: Stripe documentation, "Billing intents": the kinds of actions, when each takes effect, and what applies where
nothing is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from billing_sdk.errors import InvalidEffectiveAt
from billing_sdk.server.domain.periods import Period

EffectiveType = Literal["on_reserve", "current_billing_period_start", "current_billing_period_end", "timestamp"]
CollectAt = Literal["on_effective_at", "next_billing_date"]
Feedback = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]


@dataclass(frozen=True, slots=True)
class EffectiveAt:
    """When an action takes effect.

    Attributes:
        timestamp: the instant, where the type says that it is one; it has passed, but not before the period under way.
    """

    type: EffectiveType = "on_reserve"
    timestamp: datetime | None = None

    def instant(self, period: Period, *, at: datetime) -> datetime:
        """Return the instant that is meant.

        Args:
            period: the billing period of the cadence that contains the present.
            at: the present.

        Raises:
            InvalidEffectiveAt: the instant is to come, or lies before the period.
        """
        match self.type:
            case "on_reserve":
                return at
            case "current_billing_period_start":
                return period.start
            case "current_billing_period_end":
                return period.end
            case "timestamp":
                if self.timestamp is None or not period.start <= self.timestamp <= at:
                    raise InvalidEffectiveAt("the instant lies ahead, or before the billing period that is under way")
                return self.timestamp


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Agree to a plan.

    Attributes:
        agreement_id: the id that the agreement will have.
        quantities: how many of a licensed fee, by the fee's key.
        charges_partial: whether fees are charged for the rest of a service interval that has begun before.
        grants_partial: whether credit is granted for such an interval, as a whole.
    """

    agreement_id: str
    plan_key: str
    plan_version_id: str
    quantities: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    effective_at: EffectiveAt = EffectiveAt()
    collect_at: CollectAt = "on_effective_at"
    charges_partial: bool = True
    grants_partial: bool = True


@dataclass(frozen=True, slots=True)
class Modify:
    """Go over to another plan, another version of it, or other numbers of licences.

    Attributes:
        subscription_id: what is modified, by the id that it keeps.
        new_agreement_id: the id of what takes its place, where the version is another one.
        plan_key: from then on.
        plan_version_id: from then on.
        quantities: those that change, by the fee's key.
        gives_back: whether what was paid and is not used is given back.
        charges_partial: as of `Subscribe`.
        grants_partial: as of `Subscribe`.
    """

    subscription_id: str
    new_agreement_id: str
    plan_key: str
    plan_version_id: str
    quantities: Mapping[str, int] = field(default_factory=dict)
    effective_at: EffectiveAt = EffectiveAt()
    collect_at: CollectAt = "next_billing_date"
    gives_back: bool = True
    charges_partial: bool = True
    grants_partial: bool = True


@dataclass(frozen=True, slots=True)
class Deactivate:
    """End an agreement.

    Attributes:
        subscription_id: which one, by the id that it keeps.
        feedback: why the customer leaves.
        comment: the same in the customer's words.
    """

    subscription_id: str
    effective_at: EffectiveAt = EffectiveAt()
    collect_at: CollectAt = "on_effective_at"
    gives_back: bool = False
    feedback: Feedback | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ApplyDiscount:
    """Take something off all invoices of a cadence from then on."""

    rule_id: str
    percent_off: Decimal
    effective_at: EffectiveAt = EffectiveAt()


@dataclass(frozen=True, slots=True)
class RemoveDiscount:
    """Take nothing off any more."""

    rule_id: str
    effective_at: EffectiveAt = EffectiveAt()


Act: TypeAlias = Subscribe | Modify | Deactivate | ApplyDiscount | RemoveDiscount


@dataclass(frozen=True, slots=True)
class IntentAction:
    """One of the things that an intent does.

    Attributes:
        id: starts with `intentaction_`.
        at: when it takes effect, known from the reservation on.
    """

    id: str
    act: Act
    at: datetime | None = None
