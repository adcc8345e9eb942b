"""Percentage: a share of a value, such as of what was sold through the product.

The usage is the value in minor units. Each use can have a floor and a ceiling; where the single uses are not known,
what there is counts as one. A use of zero or below costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.errors import InvalidPrice
from billing_sdk.money import EXACT
from billing_sdk.server.domain.rating.bounds import require_amount, require_number
from billing_sdk.server.domain.rating.derivation import Step, step
from billing_sdk.server.domain.rating.usage import Usage


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share of a value.

    Attributes:
        percent: 2.5 is two and a half in a hundred.
        minimum: the least that one use costs, in exact minor units.
        maximum: the most that one use costs.
    """

    percent: Decimal
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        require_number(self.percent, "percent")
        if self.minimum is not None:
            require_amount(self.minimum, "minimum")
        if self.maximum is not None:
            require_amount(self.maximum, "maximum")
            if self.minimum is not None and self.minimum > self.maximum:
                raise InvalidPrice("minimum is more than maximum", member="minimum")


def steps_of(price: Percentage, usage: Usage) -> tuple[Step, ...]:
    """Return the arithmetic: the share of all uses between the bounds, and the bound of those beyond."""
    raised = lowered = 0
    value = Decimal(0)
    for use in _uses_of(price, usage):
        share = share_of(use, price.percent)
        if price.minimum is not None and share < price.minimum:
            raised += 1
        elif price.maximum is not None and share > price.maximum:
            lowered += 1
        else:
            value = EXACT.add(value, use)
    steps = [step("percentage", share_of(value, price.percent), value=value, percent=price.percent)]
    if raised and price.minimum is not None:
        steps.append(step("minimum_per_use", EXACT.multiply(raised, price.minimum), uses=raised, each=price.minimum))
    if lowered and price.maximum is not None:
        steps.append(step("maximum_per_use", EXACT.multiply(lowered, price.maximum), uses=lowered, each=price.maximum))
    return tuple(steps)


def share_of(value: Decimal, percent: Decimal) -> Decimal:
    """Return a percentage of a value, exact."""
    return EXACT.multiply(value, percent).scaleb(-2, EXACT)


def _uses_of(price: Percentage, usage: Usage) -> tuple[Decimal, ...]:
    is_bounded = price.minimum is not None or price.maximum is not None
    uses = usage.uses if usage.uses and is_bounded else (usage.quantity,)
    return tuple(use for use in uses if use > 0)
