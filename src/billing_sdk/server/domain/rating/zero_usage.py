"""Usage of zero under tiers: whether it enters the first one, where billing systems differ."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.policy import RatingPolicy
from billing_sdk.server.domain.rating.tiers import Tier


def steps_of_zero(first: Tier, policy: RatingPolicy) -> tuple[Step, ...]:
    """Return what usage of zero comes to: the first tier's flat amount if the policy charges it, with the policy."""
    is_charged = policy.zero_usage_flat_fee == "charge"
    return (
        step(
            "zero_usage",
            first.flat_amount if is_charged else Decimal(0),
            flat_amount=first.flat_amount,
            zero_usage_flat_fee=policy.zero_usage_flat_fee,
        ),
    )
