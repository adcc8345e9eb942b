"""Errors about the rhythms in which customers are billed, and the settings that go with them."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class UnknownCadence(NotFound):
    """No billing cadence has this id."""

    code = "billing_cadence_not_found"
    title = "Unknown billing cadence"
    default_remedy = "List the cadences of the customer and name one of them."


class CadenceCanceled(Conflict):
    """A billing cadence was canceled, so that nothing is billed by it any more."""

    code = "billing_cadence_canceled"
    title = "Billing cadence is canceled"
    default_remedy = "Create another cadence for the customer."


class CadenceMismatch(APIError):
    """A billing cadence, or the profile that is to pay for it, belongs to another customer."""

    code = "billing_cadence_mismatch"
    status = 400
    title = "Billing cadence of another customer"
    default_remedy = "Use a cadence, and a profile, of the customer that is billed."


class CadenceRequired(APIError):
    """A plan is billed at a cadence that the customer has, and none was named."""

    code = "billing_cadence_required"
    status = 400
    title = "Billing cadence required"
    default_remedy = "Create a billing cadence for the customer, and name it."


class InvalidBillingCycle(APIError):
    """The days of a billing cycle are none that it could come back on."""

    code = "invalid_billing_cycle_dates"
    status = 400
    title = "Invalid billing cycle"
    default_remedy = "Name a day that at least one month of the cycle has, with the members of the cycle's own type."


class MonthNotSupported(APIError):
    """A month was named for a billing cycle of months that does not come back in the same months of every year."""

    code = "month_of_year_not_supported_for_interval_count"
    status = 400
    title = "Month not supported"
    default_remedy = "Name a month for every 2, 3, 4 or 6 months only."


class UnknownSetting(NotFound):
    """No bill or collection setting, or no such version of it, has this id."""

    code = "cadence_setting_not_found"
    title = "Unknown setting"
    default_remedy = "List the settings, or their versions, and name one of them."


class UnknownPayerProfile(NotFound):
    """No profile of a payer has this id."""

    code = "payer_profile_not_found"
    title = "Unknown payer profile"
    default_remedy = "List the profiles of the customer and name one of them."


class TooManySubscriptions(APIError):
    """A billing cadence bills a hundred subscriptions at most, and this would be one more."""

    code = "too_many_subscriptions"
    status = 400
    title = "Too many subscriptions"
    default_remedy = "End what is not needed, or bill it by another cadence."
