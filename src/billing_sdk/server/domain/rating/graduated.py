"""Graduated: each slice of the quantity is priced at the tier that it lies in.

The total never falls when the quantity rises, and without flat amounts it has no jumps. Source: Stripe documentation,
"Set up tiered pricing", Graduated pricing; Kinde documentation, "Create plans".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.policy import RatingPolicy, ZeroUsageFlatFee
from billing_sdk.server.domain.rating.tiers import Placed, Tier, entered, require_scale
from billing_sdk.server.domain.rating.zero_usage import require_known, steps_of_zero


@dataclass(frozen=True, slots=True)
class Graduated:
    """Tiers that are filled one after the other; each that is entered adds its flat amount once.

    Attributes:
        tiers: from zero upwards.
        zero_usage_flat_fee: whether usage of zero pays the first tier's flat amount; None is as the business decided.
    """

    tiers: tuple[Tier, ...]
    zero_usage_flat_fee: ZeroUsageFlatFee | None = None

    def __post_init__(self) -> None:
        require_scale(self.tiers)
        require_known(self.zero_usage_flat_fee)


def steps_of(price: Graduated, quantity: Decimal, policy: RatingPolicy) -> tuple[Step, ...]:
    """Return the arithmetic: for every tier entered, its slice times its unit amount, and its flat amount."""
    if not quantity:
        return steps_of_zero(price.tiers[0], price.zero_usage_flat_fee, policy)
    reached = entered(price.tiers, quantity)
    # The last tier that is entered takes all that is left: beyond a closed last tier, too.
    ends = [*(placed.above for placed in reached[1:]), quantity]
    return tuple(_slice(placed, end) for placed, end in zip(reached, ends, strict=True))


def _slice(placed: Placed, end: Decimal) -> Step:
    tier = placed.tier
    inside = EXACT.subtract(end, placed.above)
    return step(
        "graduated",
        EXACT.fma(inside, tier.unit_amount, tier.flat_amount),
        tier=placed.number,
        above=placed.above,
        up_to="inf" if tier.up_to is None else tier.up_to,
        quantity=inside,
        unit_amount=tier.unit_amount,
        flat_amount=tier.flat_amount,
    )
