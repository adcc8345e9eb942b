"""What events say that begin with a payment processor or a bank: a payment to confirm."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.events.parts import EventInvoice, EventPayment
from billing_sdk.events.payload import Payload


@dataclass(frozen=True, slots=True)
class PaymentActionRequired(Payload):
    """A payment waits until its payer confirms it, at `url`, where there is such a page."""

    TYPE = "customer.payment_action_required"
    IS_EXTENSION = True

    payment: EventPayment | None
    invoice: EventInvoice | None
    url: str | None
