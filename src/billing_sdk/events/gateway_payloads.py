"""What events say that begin with a payment processor or a bank: a payment to confirm, and disputes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.events.parts import EventInvoice, EventPayment, members, text, whole
from billing_sdk.events.payload import Payload


@dataclass(frozen=True, slots=True)
class EventDispute:
    """A payment that its payer disputes with the bank.

    Attributes:
        amount_minor: what is disputed, in minor units of the currency.
        reason: in the words of the card networks, such as `fraudulent`.
        status: `needs_response`, `under_review`, `warning`, `won` or `lost`.
    """

    id: str | None
    amount_minor: int | None
    currency: str | None
    reason: str | None
    status: str | None

    @classmethod
    def read(cls, found: Any) -> EventDispute | None:
        """Read a dispute."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            amount_minor=whole(inner, "amount_minor"),
            currency=text(inner, "currency"),
            reason=text(inner, "reason"),
            status=text(inner, "status"),
        )


@dataclass(frozen=True, slots=True)
class PaymentActionRequired(Payload):
    """A payment waits until its payer confirms it, at `url`, where there is such a page."""

    TYPE = "customer.payment_action_required"
    IS_EXTENSION = True

    payment: EventPayment | None
    invoice: EventInvoice | None
    url: str | None


@dataclass(frozen=True, slots=True)
class PaymentDisputed(Payload):
    """A payer disputes a payment with the bank, which has taken the money back meanwhile."""

    TYPE = "customer.payment_disputed"
    IS_EXTENSION = True

    dispute: EventDispute | None
    payment: EventPayment | None
    invoice: EventInvoice | None


@dataclass(frozen=True, slots=True)
class PaymentDisputeClosed(Payload):
    """The bank has decided a dispute: the money is back where it is won, and gone where it is lost."""

    TYPE = "customer.payment_dispute_closed"
    IS_EXTENSION = True

    dispute: EventDispute | None
    payment: EventPayment | None
    invoice: EventInvoice | None
