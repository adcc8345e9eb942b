"""Volume: the whole quantity is priced at the tier that it falls in.

One unit more can make the total smaller, where it reaches a cheaper tier. Source: Stripe documentation, "Set up
tiered pricing", Volume-based pricing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.policy import RatingPolicy, ZeroUsageFlatFee
from billing_sdk.server.domain.rating.tiers import Tier, entered, require_scale
from billing_sdk.server.domain.rating.zero_usage import require_known, steps_of_zero


@dataclass(frozen=True, slots=True)
class Volume:
    """Tiers of which one decides: its unit amount for every unit, and its flat amount once.

    Attributes:
        tiers: from zero upwards.
        zero_usage_flat_fee: whether usage of zero pays the first tier's flat amount; None is as the business decided.
    """

    tiers: tuple[Tier, ...]
    zero_usage_flat_fee: ZeroUsageFlatFee | None = None

    def __post_init__(self) -> None:
        require_scale(self.tiers)
        require_known(self.zero_usage_flat_fee)


def steps_of(price: Volume, quantity: Decimal, policy: RatingPolicy) -> tuple[Step, ...]:
    """Return the arithmetic: quantity times the unit amount of its tier, and the flat amount of that tier."""
    if not quantity:
        return steps_of_zero(price.tiers[0], price.zero_usage_flat_fee, policy)
    placed = entered(price.tiers, quantity)[-1]
    tier = placed.tier
    return (
        step(
            "volume",
            EXACT.fma(quantity, tier.unit_amount, tier.flat_amount),
            tier=placed.number,
            above=placed.above,
            up_to="inf" if tier.up_to is None else tier.up_to,
            quantity=quantity,
            unit_amount=tier.unit_amount,
            flat_amount=tier.flat_amount,
        ),
    )
