"""How a customer pays."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.customers.method_name import MethodName
from billing_sdk.server.domain.workspace import GatewayKind


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """What a gateway collects from; this server knows its token and what may be shown, never its number.

    Attributes:
        gateway: which one keeps it; it is of use there only.
        kind: `card`, or what else the processor calls it.
        exp_month: 0 where it never expires, like the year.
        is_gateway_default: it is the processor's own default, which stands in where none was chosen here.
        detached_at: since when the customer has it no more, or never had it: it was good for one payment.
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
    detached_at: datetime | None = None

    @property
    def name(self) -> MethodName:
        """What it is called."""
        return MethodName(self.kind, self.brand, self.last4)

    @property
    def expires(self) -> bool:
        """Whether it is good until some month only."""
        return self.exp_month > 0
