"""Invoices and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.money import Money, total
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion
from billing_sdk.server.domain.periods import Period

InvoiceStatus = Literal["paid", "void"]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One charge, with what it was computed from."""

    description: str
    amount: Money
    period: Period
    plan_version_id: str
    component_id: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill; `number` is what the customer sees and has no gaps."""

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


def lines_in_advance(version: PlanVersion, period: Period) -> tuple[InvoiceLine, ...]:
    """Return the lines for a period's licence fees, which are due when it starts; a free fee makes none."""
    return tuple(
        InvoiceLine(
            description=fee.line_description or fee.name,
            amount=fee.amount(),
            period=period,
            plan_version_id=version.id,
            component_id=fee.id,
        )
        for fee in version.of_kind(LicenceFee)
        if fee.amount()
    )
