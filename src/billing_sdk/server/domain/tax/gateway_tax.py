"""A tax that the payment processor has worked out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.tax.rate import AppliedRate


@dataclass(frozen=True, slots=True)
class GatewayShare:
    """What one line has of a tax.

    Attributes:
        position: of the line, from 0 on.
        base: the line without any tax that it includes.
    """

    position: int
    base: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class GatewayTax:
    """What one rate of the processor's comes to on an invoice.

    Attributes:
        amount: the sum of its shares.
        name: as it stands on the invoice, such as `VAT`.
        is_inclusive: the amount is part of the prices and not added to them.
        jurisdiction: whose tax it is, where the processor says so.
        rate_id: the processor's own id of the rate.
        shares: of each line that it was worked out for.
    """

    amount: Money
    name: str
    percent: Decimal | None = None
    is_inclusive: bool = False
    jurisdiction: str | None = None
    rate_id: str = "gateway"
    shares: tuple[GatewayShare, ...] = ()

    @property
    def applied(self) -> AppliedRate:
        """What an invoice keeps of the rate."""
        return AppliedRate(self.rate_id, self.name, Decimal(0) if self.percent is None else self.percent)
