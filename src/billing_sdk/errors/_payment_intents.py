"""What a billing server refuses about money that is taken before the invoice that it pays is known."""

from __future__ import annotations

from billing_sdk.errors._answers import Conflict, Gone, InvalidRequest, NotFound


class UnknownPaymentIntent(NotFound):
    """There is no payment intent with this id."""

    code = "payment_intent_not_found"
    title = "Unknown payment intent"
    default_remedy = "Create a payment intent, and confirm it."


class PaymentIntentAmountInvalid(InvalidRequest):
    """A payment intent is of another amount or currency than is to be paid with it."""

    code = "payment_intent_amount_invalid"
    title = "Payment intent is of another amount"
    default_remedy = "Create a payment intent of exactly what is to be paid."


class PaymentIntentCustomerInvalid(InvalidRequest):
    """A payment intent is another customer's."""

    code = "payment_intent_customer_invalid"
    title = "Payment intent is another customer's"
    default_remedy = "Create a payment intent for the customer who is to pay."


class PaymentIntentStatusInvalid(Conflict):
    """A payment intent has taken no money yet, or has paid for something; the fact `status` says how it stands."""

    code = "payment_intent_status_invalid"
    status = 400
    title = "Payment intent has nothing to pay with"
    default_remedy = "Confirm it until it has succeeded; use each one once."


class PaymentIntentUnexpectedState(Conflict):
    """A payment intent can't do that in its present status; the fact `status` says how it stands."""

    code = "payment_intent_unexpected_state"
    status = 400
    title = "Payment intent is in another state"
    default_remedy = "Fetch the payment intent, and go on from its status."


class CheckoutOver(Gone):
    """A checkout session is complete, or its time is over; the fact `status` says which."""

    code = "checkout_session_over"
    title = "Checkout is over"
    default_remedy = "Go back to the application, and begin again."
