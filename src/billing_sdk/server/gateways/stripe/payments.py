"""What became of the attempts at paying an invoice at Stripe."""

from __future__ import annotations

from dataclasses import dataclass

from stripe import Invoice, PaymentIntent

# What an invoice is fetched with: its payments, and what became of the last of them.
WHOLE = ["payments.data.payment.payment_intent"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the payment of an invoice stands.

    Attributes:
        reference: Stripe's own id of the payment; None where there is none, or it has not been tried.
        decline_code: why the last try was declined.
    """

    reference: str | None = None
    status: str = ""
    decline_code: str | None = None

    @property
    def paid_by(self) -> str | None:
        """Stripe's own id of the payment that has brought the money; None where it came by other means, or not yet."""
        return self.reference if self.status == "succeeded" else None

    @property
    def is_processing(self) -> bool:
        """Whether the bank has not answered yet."""
        return self.status == "processing"

    @property
    def needs_action(self) -> bool:
        """Whether the payer has to confirm it."""
        return self.status == "requires_action"


def last_attempt(invoice: Invoice) -> Attempt:
    """Return how the payment of an invoice stands, which was fetched with its payments; the one that paid it first.

    Source: Stripe documentation, "Invoice payments", for where payments stand since its version basil.
    """
    payments = [] if invoice.payments is None else list(invoice.payments.data)
    payments.sort(key=lambda one: (one.status == "paid", one.is_default, one.created))
    for one in reversed(payments):
        intent = one.payment.payment_intent
        if isinstance(intent, PaymentIntent):
            return Attempt(intent.id, intent.status, _decline_of(intent))
        if intent is not None:
            return Attempt(intent, "succeeded" if one.status == "paid" else "")
        if one.payment.charge is not None:
            charge = one.payment.charge
            return Attempt(charge if isinstance(charge, str) else charge.id, "succeeded")
    return Attempt()


def _decline_of(intent: PaymentIntent) -> str | None:
    error = intent.last_payment_error
    return None if error is None else error.decline_code or error.code or "generic_decline"
