"""What a billing server refuses about changes that are written down before they are made."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class IntentExpired(NotFound):
    """A billing intent has been a draft for too long to be reserved."""

    code = "intent_expired"
    title = "Billing intent has expired"
    default_remedy = "Write down the change anew."


class InvalidIntentStatus(Conflict):
    """What was asked for can't happen to a billing intent in its present state."""

    code = "invalid_intent_status"
    title = "Billing intent is in another state"
    default_remedy = "Load the intent anew, and go on from its status."


class AgreementReserved(Conflict):
    """A billing intent holds the agreement still until it is committed, released or canceled."""

    code = "agreement_reserved"
    title = "Agreement is reserved"
    default_remedy = "Commit, release or cancel the intent first."


class InvalidIntentActions(APIError):
    """The actions of a billing intent can't be done together, or one of them not at all."""

    code = "invalid_intent_actions"
    status = 400
    title = "Actions can't be done"
    default_remedy = "Correct the actions, or write down an intent for each."


class InvalidEffectiveAt(APIError):
    """An action of a billing intent was asked for at an instant at which it can't take effect."""

    code = "invalid_effective_at"
    status = 400
    title = "Action can't take effect then"
    default_remedy = "Name an instant that has passed, within the billing period that is under way."


class PaymentNotRequired(APIError):
    """A payment was handed in for a billing intent that takes none."""

    code = "payment_not_required"
    status = 400
    title = "No payment is required"
    default_remedy = "Commit the intent without a payment."


class IntentPaymentRequired(APIError):
    """A billing intent is collected from the customer, and no payment was handed in."""

    code = "intent_payment_required"
    status = 400
    title = "A payment is required"
    default_remedy = "Let the customer pay the intent's total, and commit it with that payment."
