"""What a billing server refuses for reasons of billing."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class PaymentRequired(APIError):
    """A feature, plan or amount of usage is not covered by what the customer has paid for."""

    code = "payment_required"
    status = 402
    title = "Not included in your plan"
    default_remedy = "Choose a plan that includes it."


class LimitReached(PaymentRequired):
    """A plan includes a feature up to a limit, and what is asked for does not fit below it any more.

    Its facts are `feature`, `limit`, `used`, `held` (reserved and not settled yet), `asked`, and `resets_at`, when use
    is counted anew; a gate adds `upgrade_url`.
    """

    code = "limit_reached"
    title = "Limit of your plan reached"
    default_remedy = "Choose a plan that includes more, or wait for the next period."


class CardDeclined(APIError):
    """A payment method was refused; `decline_code` says why."""

    code = "card_declined"
    status = 402
    title = "Card declined"
    default_remedy = "Use another card or contact the bank; nothing was charged."


class CardRefused(APIError):
    """A card number is not one of the published test cards; the test processor keeps no real card data."""

    code = "card_refused"
    status = 400
    title = "Not a test card"
    default_remedy = "Use a published test card such as 4242 4242 4242 4242."


class UnknownPlan(NotFound):
    """No published plan has this key."""

    code = "unknown_plan"
    title = "Unknown plan"
    default_remedy = "Check the plan key; only published plans can be chosen."


class UnknownPricingTable(NotFound):
    """No live pricing table has this key."""

    code = "unknown_pricing_table"
    title = "Unknown pricing table"
    default_remedy = "Check the pricing table key; only live tables can be shown."


class PlanMismatch(APIError):
    """A plan for organizations was asked for a person, or the other way round."""

    code = "plan_mismatch"
    status = 400
    title = "Plan of the wrong kind"
    default_remedy = "Choose a plan from a group of the customer's own kind."


class SamePlan(Conflict):
    """The customer is on this plan already."""

    code = "same_plan"
    title = "Already on this plan"
    default_remedy = "Choose another plan."


class PriceChanged(Conflict):
    """What is due is not what the customer was shown and agreed to."""

    code = "price_changed"
    title = "The price has changed"
    default_remedy = "Show the present price and ask again."


class AgreementNotLive(Conflict):
    """An agreement has ended and can't be changed."""

    code = "agreement_not_live"
    title = "Agreement has ended"
    default_remedy = "Subscribe the customer anew."


class ReservationEnded(Conflict):
    """A reservation was settled already: what was committed can't be released, nor the other way round."""

    code = "reservation_ended"
    title = "Reservation has ended"
    default_remedy = "Reserve anew."


class CustomerExists(Conflict):
    """A person or organization is a billing customer already."""

    code = "customer_exists"
    title = "Already a billing customer"
    default_remedy = "Use the existing customer."


class SubjectKeyTaken(Conflict):
    """A customer goes by this subject key already: an event has one payer at most."""

    code = "subject_key_taken"
    title = "Subject key in use"
    default_remedy = "Take the key away from the other customer first, or use another one."


class PaymentMethodRequired(APIError):
    """A plan costs money and the customer has no payment method."""

    code = "payment_method_required"
    status = 402
    title = "Payment method required"
    default_remedy = "Add a payment method and try again."


class EmailTaken(Conflict):
    """An account with this e-mail address exists."""

    code = "email_taken"
    title = "E-mail address in use"
    default_remedy = "Sign in, or use another address."


class WrongCredentials(APIError):
    """E-mail address and password do not match an account."""

    code = "wrong_credentials"
    status = 401
    title = "Wrong e-mail address or password"
    default_remedy = "Check both and try again."


class LinkUsed(APIError):
    """A one-time link was used, has expired, or never existed."""

    code = "link_used"
    status = 410
    title = "Link no longer valid"
    default_remedy = "Ask the application for a new link."


class ReturnUrlNotAllowed(APIError):
    """A return address does not belong to an origin that the application has registered."""

    code = "return_url_not_allowed"
    status = 400
    title = "Return address not allowed"
    default_remedy = "Register its origin for the application, or leave it out."


class InvalidQuantity(APIError):
    """A quantity is not a plain decimal number within its bounds."""

    code = "invalid_quantity"
    status = 400
    title = "Invalid quantity"
    default_remedy = "Send digits with an optional fraction, such as 12 or 0.5."


class UnknownFeature(NotFound):
    """An agreement's plan has no metered feature with this key."""

    code = "unknown_feature"
    title = "Unknown feature"
    default_remedy = "Check the feature key against the agreement's plan."


class IdempotencyMismatch(APIError):
    """An idempotency key was used before, for another request."""

    code = "idempotency_mismatch"
    status = 422
    title = "Idempotency key used for another request"
    default_remedy = "Use a new key for a new request."


class CurrencyMismatch(APIError):
    """Amounts of two currencies can't be added or compared."""

    code = "currency_mismatch"
    status = 400
    title = "Currency mismatch"
    default_remedy = "Use one currency throughout."


class InvalidAmount(APIError):
    """An amount can't be expressed exactly in its currency."""

    code = "invalid_amount"
    status = 400
    title = "Invalid amount"
    default_remedy = "Give minor units of a known currency: whole ones to charge, at most 12 decimals in a price."
