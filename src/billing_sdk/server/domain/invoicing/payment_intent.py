"""Money that is taken before it is known which invoice it pays, and the one table of what can happen to it.

Source of the statuses: Stripe documentation, "How PaymentIntents work".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import (
    PaymentIntentAmountInvalid,
    PaymentIntentCustomerInvalid,
    PaymentIntentStatusInvalid,
    PaymentIntentUnexpectedState,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine, Payment
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.ledger import JournalEntry, day_of, postings_of
from billing_sdk.server.domain.periods import Period

PaymentIntentStatus = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "succeeded",
    "canceled",
]
PaymentIntentEvent = Literal["choose", "confirm", "ask", "succeed", "decline", "withdraw", "cancel"]
Cancellation = Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"]

# Everything that can happen to a payment intent's status is in this table; nothing else may change one.
PAYMENT_INTENT_TRANSITIONS: dict[tuple[PaymentIntentStatus, PaymentIntentEvent], PaymentIntentStatus] = {
    ("requires_payment_method", "choose"): "requires_confirmation",
    ("requires_confirmation", "choose"): "requires_confirmation",
    ("requires_confirmation", "confirm"): "processing",
    # The payer is asked on a page of the bank.
    ("processing", "ask"): "requires_action",
    ("processing", "succeed"): "succeeded",
    ("requires_action", "succeed"): "succeeded",
    # Another payment method may do what this one does not; a bank may refuse it before it is charged.
    ("requires_payment_method", "decline"): "requires_payment_method",
    ("requires_confirmation", "decline"): "requires_payment_method",
    ("processing", "decline"): "requires_payment_method",
    ("requires_action", "decline"): "requires_payment_method",
    # Its bill was withdrawn before anything came of it.
    ("processing", "withdraw"): "requires_payment_method",
    ("requires_action", "withdraw"): "requires_payment_method",
    ("requires_payment_method", "cancel"): "canceled",
    ("requires_confirmation", "cancel"): "canceled",
}
# The outcome of an attempt is not known yet.
UNDER_WAY: frozenset[PaymentIntentStatus] = frozenset({"requires_action", "processing"})
# The kind of the one line of its bill.
PAYMENT_LINE = "payment_intent"


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """An amount that a customer is to pay, attempt by attempt, and that pays for one thing once it has been paid.

    Attributes:
        id: starts with `intentpayment_`.
        payment_method_id: what the next attempt is made with, or the last one was.
        created_at: in the customer's time.
        description: what the customer is told that it is for.
        return_url: where the payer goes on after a page of the bank; empty where nobody has said.
        decline_code: why the last attempt was refused; None after an attempt that was not.
        charge_id: the attempt that is under way.
        payment_id: the payment that has succeeded.
        invoice_id: what that has paid; None while the customer still has the money with us.
        refunded_minor: what of it was given back, or is on its way there, before it had paid anything.
        metadata: of whoever made it; nothing here reads it.
    """

    id: str
    customer_id: str
    amount: Money
    created_at: datetime
    status: PaymentIntentStatus = "requires_payment_method"
    payment_method_id: str | None = None
    description: str = ""
    return_url: str = field(default="", repr=False)
    decline_code: str | None = None
    charge_id: str | None = None
    payment_id: str | None = None
    invoice_id: str | None = None
    refunded_minor: int = 0
    canceled_at: datetime | None = None
    cancellation: Cancellation | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_unused(self) -> bool:
        """Whether it has taken money that has paid for nothing yet, and was not given back."""
        return self.status == "succeeded" and self.invoice_id is None and not self.refunded_minor

    @property
    def unused(self) -> Money:
        """What the customer has with us of it."""
        held = self.amount.minor - self.refunded_minor
        is_held = self.status == "succeeded" and self.invoice_id is None
        return Money(held if is_held else 0, self.amount.currency)

    @property
    def received(self) -> Money:
        """What was taken."""
        return self.amount if self.status == "succeeded" else Money(0, self.amount.currency)

    def after(self, event: PaymentIntentEvent) -> PaymentIntent:
        """Return it after something has happened to it.

        Raises:
            PaymentIntentUnexpectedState: that can't happen in its status.
        """
        status = PAYMENT_INTENT_TRANSITIONS.get((self.status, event))
        if status is None:
            raise PaymentIntentUnexpectedState(f"the payment intent {self.id} is {self.status}", status=self.status)
        return replace(self, status=status)

    def choosing(self, payment_method_id: str) -> PaymentIntent:
        """Return it with what the next attempt is made with."""
        return replace(self.after("choose"), payment_method_id=payment_method_id)

    def confirmed(self, charge_id: str) -> PaymentIntent:
        """Return it while an attempt is made."""
        return replace(self.after("confirm"), charge_id=charge_id, decline_code=None)

    def paid_by(self, payment: Payment) -> PaymentIntent:
        """Return it once an attempt has succeeded."""
        return replace(self.after("succeed"), charge_id=None, payment_id=payment.id)

    def declined(self, decline_code: str) -> PaymentIntent:
        """Return it once an attempt was refused."""
        return replace(self.after("decline"), charge_id=None, decline_code=decline_code)

    def withdrawn(self) -> PaymentIntent:
        """Return it when nobody can pay the attempt any more that was under way."""
        return replace(self.after("withdraw"), charge_id=None)

    def cancelled(self, reason: Cancellation | None, *, at: datetime) -> PaymentIntent:
        """Return it when nobody is to pay it any more."""
        return replace(self.after("cancel"), canceled_at=at, cancellation=reason)

    def check(self, *, customer_id: str, amount: Money) -> None:
        """Let pass what can pay an amount that a customer is to pay.

        Raises:
            PaymentIntentCustomerInvalid: it is another customer's.
            PaymentIntentStatusInvalid: it has not succeeded, or has paid for something, or was given back.
            PaymentIntentAmountInvalid: it is of another amount.
        """
        if self.customer_id != customer_id:
            raise PaymentIntentCustomerInvalid(f"the payment intent {self.id} is another customer's")
        if not self.is_unused:
            used = self.status == "succeeded"
            told = "has been used, or given back" if used else f"is {self.status}"
            raise PaymentIntentStatusInvalid(f"the payment intent {self.id} {told}", status=self.status)
        if self.amount != amount:
            raise PaymentIntentAmountInvalid(f"the payment intent {self.id} is of {self.amount}, not {amount}")

    def line(self, *, at: datetime) -> InvoiceLine:
        """Return the one line of its bill."""
        derivation = {"kind": PAYMENT_LINE}
        return InvoiceLine(
            self.description,
            self.amount,
            Period(at, at),
            None,
            PAYMENT_LINE,
            derivation=derivation,
            frames=() if self.description else (framed("payment"),),
        )


@dataclass(frozen=True, slots=True)
class UnusedRefund:
    """Money of a payment intent that goes back before it has paid anything; `id` is the gateway's idempotency key.

    It is written before the gateway is asked, like `Refund`, which gives back what an invoice was paid with.

    Attributes:
        id: starts with `refundunused_`.
        charge_reference: the gateway's id of the payment.
        reference: the gateway's id of the refund; None until it has succeeded.
        lease_ends_at: until then the process that wrote it is expected to finish by itself, in real time.
        decline_code: why it failed.
    """

    id: str
    payment_intent_id: str
    payment_id: str
    customer_id: str
    charge_reference: str
    amount: Money
    status: Literal["pending", "succeeded", "failed"]
    actor: str
    requested_at: datetime
    lease_ends_at: datetime
    settled_at: datetime | None = None
    reference: str | None = None
    decline_code: str | None = None


def received_entry(payment: Payment) -> JournalEntry:
    """Return the entry of money that was taken before its invoice: the customer has it with us."""
    amounts = postings_of({"cash": payment.amount.minor, "unapplied_payments": -payment.amount.minor})
    return JournalEntry(
        "payment",
        on=day_of(payment.attempted_at),
        at=payment.attempted_at,
        customer_id=payment.customer_id,
        currency=payment.amount.currency,
        postings=amounts,
        payment_id=payment.id,
    )


def unused_refund_entry(refund: UnusedRefund, *, at: datetime) -> JournalEntry:
    """Return the entry of money that was given back before it had paid anything."""
    amounts = postings_of({"unapplied_payments": refund.amount.minor, "cash": -refund.amount.minor})
    return JournalEntry(
        "refund",
        on=day_of(at),
        at=at,
        customer_id=refund.customer_id,
        currency=refund.amount.currency,
        postings=amounts,
        payment_id=refund.payment_id,
        reference_id=refund.id,
    )
