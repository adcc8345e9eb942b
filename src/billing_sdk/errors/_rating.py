"""What a billing server refuses about a price."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError


class InvalidPrice(APIError):
    """A price or its terms can't be read, or contradict themselves; the fact `member` names where."""

    code = "invalid_price"
    status = 400
    title = "Invalid price"
    default_remedy = "Correct the named member; the guide to pricing models shows each model."


class InvalidTiers(InvalidPrice):
    """Tiers overlap, leave a gap or are out of order; the fact `tier` counts from 1 and names the first wrong one."""

    code = "invalid_tiers"
    title = "Invalid tiers"
    default_remedy = "Begin each tier where the one before it ends, and leave at most the last one open."
