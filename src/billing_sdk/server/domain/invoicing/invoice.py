"""Invoices and payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk.errors import Conflict
from billing_sdk.money import Money, total
from billing_sdk.server.domain.periods import Period

InvoiceStatus = Literal["open", "paid", "void"]
InvoiceEvent = Literal["pay", "void"]

# Everything that can happen to an invoice's status is in this table. Most are paid when they are issued.
TRANSITIONS: dict[tuple[InvoiceStatus, InvoiceEvent], InvoiceStatus] = {
    ("open", "pay"): "paid",
    ("open", "void"): "void",
}


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One charge or credit, with what it was computed from.

    Attributes:
        quantity: how much was used or licensed, where that is what the amount depends on.
        derivation: why the amount is what it is, in JSON values; see `explain`.
    """

    description: str
    amount: Money
    period: Period
    plan_version_id: str
    component_id: str
    quantity: Decimal | None = None
    derivation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str | None:
        """What it is about, one of `LineKind`; None on invoices from before lines said so."""
        return self.derivation.get("kind")


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill; `number` is what the customer sees and has no gaps.

    Attributes:
        status: `open` is one that nobody has paid yet, such as a renewal whose card was declined.
        payment_id: what paid it; None as well where nothing was left to pay.
    """

    id: str
    number: str
    customer_id: str
    agreement_id: str
    status: InvoiceStatus
    currency: str
    lines: tuple[InvoiceLine, ...]
    issued_at: datetime
    payment_id: str | None = None

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total([line.amount for line in self.lines], self.currency)

    def paid_by(self, payment_id: str | None) -> Invoice:
        """Return the invoice as it is when a payment has settled it; None where nothing was left to pay.

        Raises:
            Conflict: it is not open.
        """
        status = TRANSITIONS.get((self.status, "pay"))
        if status is None:
            raise Conflict(f"the invoice {self.number} is {self.status}, not open")
        return replace(self, status=status, payment_id=payment_id)


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to collect an amount; `decline_code` says why it failed."""

    id: str
    customer_id: str
    amount: Money
    status: Literal["succeeded", "failed"]
    attempted_at: datetime
    payment_method_label: str
    gateway_reference: str | None = None
    decline_code: str | None = None
