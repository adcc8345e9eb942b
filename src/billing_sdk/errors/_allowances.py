"""What a billing server refuses about what customers may use."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class InvalidEntitlement(APIError):
    """A plan says of a feature what can't be said of it, such as a limit of use of one that isn't metered."""

    code = "invalid_entitlement"
    status = 400
    title = "Invalid entitlement"
    default_remedy = "Give a metered feature a limit, and another one a value."


class UnknownAllowance(NotFound):
    """The customer has no allowance grant with this id."""

    code = "unknown_allowance"
    title = "Unknown allowance grant"
    default_remedy = "List the customer's allowance grants."


class InvalidAllowance(APIError):
    """An allowance grant would end before it began, has an amount that can't be, or keeps more than it gives."""

    code = "invalid_allowance"
    status = 400
    title = "Invalid allowance grant"
    default_remedy = "Give it an amount above zero, let it begin now or later, and end after that."


class AllowanceEnded(Conflict):
    """An allowance grant was voided or has expired, so that this can't happen to it any more."""

    code = "allowance_ended"
    title = "Allowance grant has ended"
    default_remedy = "Load the allowance grant anew, and make another one if more is to be used."


class TooManyAllowances(Conflict):
    """A customer has a hundred allowance grants of one feature that have not ended, which is as many as there can be.

    Its facts are `feature` and `most`.
    """

    code = "too_many_allowances"
    title = "Too many allowance grants"
    default_remedy = "Wait until some have expired, or void those that are not needed."
