"""What an operator decides for all plans at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from billing_sdk.server.domain.periods import Alignment, ProrationUnit
from billing_sdk.server.domain.rating import RatingPolicy

# What becomes of usage that is reported when its service interval has been billed.
LateUsage = Literal["rerate", "next_period"]


@dataclass(frozen=True, slots=True)
class Policies:
    """What happens to money in the middle of a period, and how amounts are rounded.

    Attributes:
        unpaid_usage: whether usage that was not billed yet is charged when an agreement ends, or an add-on goes.
        unused_days: whether what was paid for the rest of a period is given back when an agreement ends.
        proration: whether part of a period is measured in whole days or to the second.
        late_usage: whether usage that is reported when its period is over counts when it was used, and changes what
            the period comes to; or when it was reported, which is in the next one.

    Source: Kinde documentation, "Billing policies", for the first two and their defaults.
    """

    unpaid_usage: Literal["forgive", "charge"] = "forgive"
    unused_days: Literal["retain", "refund"] = "retain"
    proration: ProrationUnit = "second"
    rating: RatingPolicy = field(default_factory=RatingPolicy)
    late_usage: LateUsage = "rerate"


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """What an operator decides for all plans at once.

    Attributes:
        default_currency: what every published plan can be bought in; locked by the first plan that is published.
        zone: the time zone whose calendar the periods of new agreements follow.
        alignment: what a new plan version has unless it says otherwise.
        show_pricing_table_at_sign_up: whether somebody new is asked to choose a plan.
    """

    default_currency: str = "USD"
    zone: str = "UTC"
    alignment: Alignment = "anniversary"
    show_pricing_table_at_sign_up: bool = True
    policies: Policies = field(default_factory=Policies)
