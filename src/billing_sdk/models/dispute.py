"""Disputes of payments (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Dispute:
    """Some or all of a payment that is asked back for through the payer's bank.

    Attributes:
        kind: `dispute` has taken the money, `inquiry` only asks, and `fraud_warning` only tells.
        amount_minor: how much of the payment, in minor units of the currency.
        held_minor: how much of the money is gone: with the bank, or lost to it.
        reason: the bank's, such as `fraudulent`.
        status: `needs_response`, `under_review`, `won`, `lost` or `closed`.
        gateway: whose payment it is.
        reference: the payment processor's own id of the dispute.
        opened_on: since when it is known.
        evidence_due_on: until when it can be answered, at the payment processor.
        closed_on: when its end became known; None while it goes on.
    """

    id: str
    payment_id: str
    customer_id: str
    kind: str
    amount_minor: int
    currency: str
    reason: str
    status: str
    held_minor: int = 0
    invoice_id: str | None = None
    gateway: str | None = None
    reference: str | None = None
    opened_on: datetime | None = None
    evidence_due_on: datetime | None = None
    closed_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> Dispute:
        """Read one dispute."""
        document = Document(data, "dispute")
        return cls(
            id=document.text("id"),
            payment_id=document.text("payment_id"),
            customer_id=document.text("customer_id"),
            kind=document.text("kind"),
            amount_minor=document.whole_or_none("amount_minor") or 0,
            currency=document.text("currency"),
            reason=document.text("reason"),
            status=document.text("status"),
            held_minor=document.whole_or_none("held_minor") or 0,
            invoice_id=document.text_or_none("invoice_id"),
            gateway=document.text_or_none("gateway"),
            reference=document.text_or_none("reference"),
            opened_on=document.instant_or_none("opened_on"),
            evidence_due_on=document.instant_or_none("evidence_due_on"),
            closed_on=document.instant_or_none("closed_on"),
        )
