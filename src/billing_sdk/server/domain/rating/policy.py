"""Where billing systems differ, and a business decides; what was decided is recorded in the derivation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing_sdk.money import Rounding

ZeroUsageFlatFee = Literal["skip", "charge"]


@dataclass(frozen=True, slots=True)
class RatingPolicy:
    """How to rate.

    Attributes:
        zero_usage_flat_fee: whether usage of zero enters the first tier, and so pays its flat fee.
        rounding: how the exact amount becomes whole minor units, once, at the end.
    """

    zero_usage_flat_fee: ZeroUsageFlatFee = "skip"
    rounding: Rounding = "half_up"
