"""What a customer is charged by (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A card, a direct debit, or whatever else the payment processor can collect by.

    Attributes:
        gateway: who keeps it: `managed`, `stripe_platform` or `stripe_connect`.
        kind: `card`, `sepa_debit` and so on, as the processor names it.
        brand: such as `Visa`; empty where it has none.
        last4: the last characters of its number; empty where it has none.
        exp_month: the last month in which it is good; None where it never expires.
        is_default: what comes due is charged to it.
        is_gateway_default: it is the default one because the processor says so, and nobody has chosen one here.
    """

    id: str
    gateway: str
    kind: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    is_default: bool
    is_gateway_default: bool
    created_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> PaymentMethod:
        """Read one payment method."""
        document = Document(data, "payment_method")
        return cls(
            id=document.text("id"),
            gateway=document.text("gateway"),
            kind=document.text("kind"),
            brand=document.text_or_none("brand") or "",
            last4=document.text_or_none("last4") or "",
            exp_month=document.whole_or_none("exp_month"),
            exp_year=document.whole_or_none("exp_year"),
            is_default=document.flag("is_default"),
            is_gateway_default=document.flag("is_gateway_default"),
            created_on=document.instant_or_none("created_on"),
        )
