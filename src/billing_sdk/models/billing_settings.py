"""What an operator decides for all plans at once (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class BillingPolicies:
    """What happens to money in the middle of a period, and how amounts are rounded.

    Attributes:
        unpaid_usage: `forgive` or `charge` usage that was not billed when an agreement ends, or an add-on goes.
        unused_days: `retain` or `refund` what was paid for the rest of the period.
        proration: parts of a period are measured by `day` or by `second`.
        zero_usage_flat_fee: `skip` or `charge` the flat fee of a first tier where nothing was used.
        rounding: `half_up`, `half_even`, `up` or `down`.
        late_usage: usage that is reported when its period is over changes what that comes to (`rerate`), or counts in
            the `next_period`.
    """

    unpaid_usage: str
    unused_days: str
    proration: str
    zero_usage_flat_fee: str
    rounding: str
    late_usage: str


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """What an operator has decided for all plans.

    Attributes:
        default_currency: what every published plan can be bought in; it can't change once a plan is published.
        zone: the IANA time zone whose calendar billing periods follow.
        alignment: of new plan versions, `anniversary` or `calendar`.
        show_pricing_table_at_sign_up: whether somebody new is asked to choose a plan.
    """

    default_currency: str
    zone: str
    alignment: str
    show_pricing_table_at_sign_up: bool
    policies: BillingPolicies

    @classmethod
    def read(cls, data: Any) -> BillingSettings:
        """Read the `settings` of an answer."""
        document = Document(data, "answer").object("settings")
        policies = document.object("policies")
        return cls(
            default_currency=document.text("default_currency"),
            zone=document.text("zone"),
            alignment=document.text("alignment"),
            show_pricing_table_at_sign_up=document.flag("show_pricing_table_at_sign_up"),
            policies=BillingPolicies(
                unpaid_usage=policies.text("unpaid_usage"),
                unused_days=policies.text("unused_days"),
                proration=policies.text("proration"),
                zero_usage_flat_fee=policies.text("zero_usage_flat_fee"),
                rounding=policies.text("rounding"),
                late_usage=policies.text("late_usage"),
            ),
        )
