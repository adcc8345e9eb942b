"""How a customer pays."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A card that a gateway keeps; this server knows its token and what may be shown, never its number."""

    id: str
    customer_id: str
    gateway_token: str = field(repr=False)
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    created_at: datetime
    is_default: bool = True

    @property
    def label(self) -> str:
        """How the card is named to its owner."""
        return f"{self.brand} ending in {self.last4}"
