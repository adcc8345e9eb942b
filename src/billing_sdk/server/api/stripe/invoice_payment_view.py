"""Payments of invoices as v1 shows them within an invoice.

Source: Stripe documentation, API reference, Invoice payments; the published clients of Stripe.
"""

from __future__ import annotations

from typing import Literal

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import ChargeId, InvoiceId, InvoicePaymentId, PaymentIntentId
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, UnixTime
from billing_sdk.server.domain.invoicing import Payment


class PaymentDetails(View):
    """What a payment was made with."""

    type: str
    charge: ChargeId | None
    payment_intent: PaymentIntentId | None


class PaymentTransitions(View):
    """When a payment was made."""

    canceled_at: None = None
    paid_at: UnixTime


class InvoicePaymentView(View):
    """A payment of an invoice."""

    id: InvoicePaymentId
    object: Literal["invoice_payment"] = "invoice_payment"
    amount_paid: int | None
    amount_requested: int
    created: UnixTime
    currency: LowerCurrency
    invoice: InvoiceId
    is_default: bool = True
    livemode: Livemode = None
    payment: PaymentDetails
    status: str
    status_transitions: PaymentTransitions

    @classmethod
    def of(cls, invoice_id: str, payment: Payment) -> InvoicePaymentView:
        """Show a payment that has succeeded."""
        by_intent = payment.payment_intent_id is not None
        return cls(
            id=payment.id,
            amount_paid=payment.amount.minor,
            amount_requested=payment.amount.minor,
            created=payment.attempted_at,
            currency=payment.amount.currency,
            invoice=invoice_id,
            payment=PaymentDetails(
                type="payment_intent" if by_intent else "charge",
                charge=None if by_intent else payment.id,
                payment_intent=payment.payment_intent_id,
            ),
            status="paid",
            status_transitions=PaymentTransitions(paid_at=payment.attempted_at),
        )
