"""How a customer pays."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.workspace import GatewayKind


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What a gateway collects from; this server knows its token and what may be shown, never its number.

    Attributes:
        gateway: which one keeps it; it is of use there only.
        kind: `card`, or what else the processor calls it.
        is_gateway_default: it is the processor's own default, which stands in where none was chosen here.
    """

    id: str
    customer_id: str
    gateway_token: str = field(repr=False)
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    created_at: datetime
    is_default: bool = True
    gateway: GatewayKind = "managed"
    kind: str = "card"
    is_gateway_default: bool = False

    @property
    def label(self) -> str:
        """How the card is named to its owner."""
        return f"{self.brand} ending in {self.last4}"
