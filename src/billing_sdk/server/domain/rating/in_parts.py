"""Which prices can be billed before a period is over, a part at a time.

A part is what all usage so far comes to, less what was billed of it, so the parts add up to the whole: each is the
difference of two rounded totals, and nothing is rounded twice. That is fair only where more usage never costs less,
and where nothing is due for the period as such.
"""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.rating.by_dimension import ByDimension
from billing_sdk.server.domain.rating.flat import Flat
from billing_sdk.server.domain.rating.overage import Overage
from billing_sdk.server.domain.rating.terms import Price, Terms
from billing_sdk.server.domain.rating.volume import Volume


def is_divisible(price: Price) -> bool:
    """Tell whether usage can be billed in parts: under volume one unit more can lower the total, flat has no parts."""
    match price:
        case Flat() | Volume():
            return False
        case Overage():
            return is_divisible(price.price)
        case ByDimension():
            rates = [rate for _, rate in price.rates]
            return all(is_divisible(rate) for rate in (*rates, *([price.otherwise] if price.otherwise else [])))
        case _:
            return True


def so_far(terms: Terms) -> Terms:
    """Return terms for a period that is not over: the least that it costs is due at its end."""
    return replace(terms, minimum=None)
