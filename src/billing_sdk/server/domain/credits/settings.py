"""What a customer wants to happen when credit runs low."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.errors import InvalidAmount
from billing_sdk.money import MAX_MINOR, Money

# What was announced last; "low" is told once, and so is "used_up", until there is enough again.
Level = Literal["low", "used_up"]


@dataclass(frozen=True, slots=True)
class CreditSettings:
    """When to tell that credit runs low, and how much to buy then.

    Attributes:
        threshold: below that much available credit it runs low.
        top_up: how much is bought then, with the card on file; None buys nothing.
        stopped_at: since when nothing is bought because the card was declined; new settings begin anew.
        told: what was announced since there was enough.
    """

    customer_id: str
    threshold: Money
    top_up: Money | None = None
    stopped_at: datetime | None = None
    told: Level | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.threshold.minor <= MAX_MINOR:
            raise InvalidAmount("the threshold is nothing or more, and not more than can be real")
        if self.top_up is not None and not 0 < self.top_up.minor <= MAX_MINOR:
            raise InvalidAmount("what is bought is more than zero, and not more than can be real")
        if self.top_up is not None and self.top_up.currency != self.threshold.currency:
            raise InvalidAmount("the threshold and what is bought are in one currency")

    @property
    def currency(self) -> str:
        """The currency of the credit that is watched."""
        return self.threshold.currency

    def level_of(self, available: Money) -> Level | None:
        """Return how low that much credit is."""
        if available.minor <= 0:
            return "used_up"
        return "low" if available < self.threshold else None

    def buys_at(self, available: Money) -> bool:
        """Tell whether credit is to be bought with that much left."""
        return self.top_up is not None and self.stopped_at is None and self.level_of(available) is not None
