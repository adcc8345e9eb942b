"""Usage of zero under tiers: whether it enters the first one, where billing systems differ.

A price can say it itself, as prices do that come from a system which always charges it; else the business decides.
"""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from billing_sdk.errors import InvalidPrice
from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.policy import RatingPolicy, ZeroUsageFlatFee
from billing_sdk.server.domain.rating.tiers import Tier


def require_known(own: ZeroUsageFlatFee | None) -> None:
    """Refuse what a price says of usage of zero if it is nothing that there is.

    Raises:
        InvalidPrice: it is neither `skip` nor `charge`.
    """
    if own is not None and own not in get_args(ZeroUsageFlatFee):
        raise InvalidPrice("zero_usage_flat_fee is neither skip nor charge", member="zero_usage_flat_fee")


def steps_of_zero(first: Tier, own: ZeroUsageFlatFee | None, policy: RatingPolicy) -> tuple[Step, ...]:
    """Return what usage of zero comes to: the first tier's flat amount if it is charged, with what decided it.

    Args:
        first: the first tier.
        own: what the price says itself; None leaves it to the policy.
        policy: of the business.
    """
    decided = own or policy.zero_usage_flat_fee
    is_charged = decided == "charge"
    return (
        step(
            "zero_usage",
            first.flat_amount if is_charged else Decimal(0),
            flat_amount=first.flat_amount,
            zero_usage_flat_fee=decided,
        ),
    )
