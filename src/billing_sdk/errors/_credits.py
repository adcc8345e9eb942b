"""What a billing server refuses about credit for usage."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound
from billing_sdk.errors._billing import PaymentRequired


class UnknownCreditGrant(NotFound):
    """There is no credit grant with this id."""

    code = "unknown_credit_grant"
    title = "Unknown credit grant"
    default_remedy = "List the customer's credit grants."


class InvalidCreditGrant(APIError):
    """A credit grant would expire before it began, or would have expired by now."""

    code = "invalid_credit_grant"
    status = 400
    title = "Invalid credit grant"
    default_remedy = "Let it expire after it begins, and after now."


class TooManyCreditGrants(Conflict):
    """A customer has a hundred credit grants that are not used up, which is as many as one can have."""

    code = "too_many_credit_grants"
    title = "Too many credit grants"
    default_remedy = "Wait until some are used up, or expire those that are not needed."


class CreditGrantUsed(Conflict):
    """A credit grant was taken back that an invoice has used some of."""

    code = "credit_grant_used"
    title = "Credit was used"
    default_remedy = "Expire it: what is left ends now, and what was used stays used."


class CreditGrantEnded(Conflict):
    """A credit grant has expired, was taken back, or is not paid yet, so that this can't happen to it."""

    code = "credit_grant_ended"
    title = "Credit grant has ended"
    default_remedy = "Load the credit grant anew, and grant another one if credit is needed."


class InvalidSettlement(APIError):
    """The payment of a credit grant can't come to that state: it is further, or nobody else collects it.

    Its facts are `settlement` and `asked` where it is further.
    """

    code = "invalid_settlement"
    status = 400
    title = "Invalid settlement"
    default_remedy = "Settle only what somebody else collects, from pending over authorized to settled."


class InsufficientCredit(APIError):
    """An adjustment would take more credit than a customer can spend, and credit never goes below zero.

    Its facts are `currency`, `available_minor` and `asked_minor`.
    """

    code = "insufficient_credit"
    status = 400
    title = "Not enough credit"
    default_remedy = "Take no more than what is available; usage that is billed later needs the rest."


class CreditExhausted(PaymentRequired):
    """What is asked for has to be paid with credit, and what the customer has is not enough.

    Its facts are `feature`, `asked`, `currency`, `missing_minor` and `available_minor`.
    """

    code = "credit_exhausted"
    title = "Credit is used up"
    default_remedy = "Buy more credit, then ask again."
