"""What events say about payments that are disputed through a bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.events.parts import EventInvoice, EventPayment, instant, members, text, whole
from billing_sdk.events.payload import Payload


@dataclass(frozen=True, slots=True)
class EventDispute:
    """The dispute that an event is about.

    Attributes:
        kind: `dispute` has taken the money, `inquiry` only asks, and `fraud_warning` only tells.
        reason: the bank's, such as `fraudulent`.
        status: `needs_response`, `under_review`, `won`, `lost` or `closed`.
        evidence_due_on: until when it can be answered, at the payment processor.
    """

    id: str | None
    kind: str | None
    amount_minor: int | None
    currency: str | None
    reason: str | None
    status: str | None
    evidence_due_on: datetime | None

    @classmethod
    def read(cls, found: Any) -> EventDispute | None:
        """Read a dispute."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            kind=text(inner, "kind"),
            amount_minor=whole(inner, "amount_minor"),
            currency=text(inner, "currency"),
            reason=text(inner, "reason"),
            status=text(inner, "status"),
            evidence_due_on=instant(inner, "evidence_due_on"),
        )


@dataclass(frozen=True, slots=True)
class PaymentDisputed(Payload):
    """A bank asks for a payment back, or asks about it."""

    TYPE = "customer.payment_disputed"
    IS_EXTENSION = True

    dispute: EventDispute | None
    payment: EventPayment | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class PaymentDisputeClosed(Payload):
    """A dispute was won or lost, or an inquiry has ended; `dispute.status` says which."""

    TYPE = "customer.payment_dispute_closed"
    IS_EXTENSION = True

    dispute: EventDispute | None
    payment: EventPayment | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class PaymentFraudWarned(Payload):
    """A bank tells that a payment may be a fraud; no money has moved, and none may ever."""

    TYPE = "customer.payment_fraud_warned"
    IS_EXTENSION = True

    dispute: EventDispute | None
    payment: EventPayment | None
    invoice: EventInvoice | None
