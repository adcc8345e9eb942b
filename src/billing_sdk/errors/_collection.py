"""What a billing server refuses about billing profiles, and about where customers are."""

from __future__ import annotations

from billing_sdk.errors._answers import Conflict, InvalidRequest, NotFound
from billing_sdk.errors._billing import PaymentRequired


class UnknownProfile(NotFound):
    """No billing profile has this id."""

    code = "unknown_profile"
    title = "Unknown billing profile"
    default_remedy = "Check the id of the billing profile."


class SecondDefaultProfile(Conflict):
    """A billing profile was to become the default one beside the one that is."""

    code = "second_default_profile"
    title = "There is a default billing profile"
    default_remedy = "Leave it out, and let the profile take the other one's place by making it the default."


class DefaultProfileRequired(Conflict):
    """The default billing profile was to be deleted, or to be the default no more, with none in its place."""

    code = "default_profile_required"
    title = "There has to be a default billing profile"
    default_remedy = "Make another profile the default one first."


class ProfileInUse(Conflict):
    """A billing profile can't be deleted while customers have it, or invoices wait under it."""

    code = "profile_in_use"
    title = "Billing profile in use"
    default_remedy = "Give its customers another profile, and wait until its invoices are issued and paid."


class InvalidAddress(InvalidRequest):
    """A billing address names no country that there is, or a part of it is too long or more than a line."""

    code = "invalid_address"
    title = "Not an address"
    default_remedy = "Give the country by its code of two capitals, such as DE, and each other part on a line."


class InvalidTaxId(InvalidRequest):
    """A tax id can't be one, or a customer was to have too many."""

    code = "invalid_tax_id"
    title = "Not a tax id"
    default_remedy = "Give up to five numbers of 3 to 40 letters, digits and hyphens, such as DE123456789."


class InvoiceNotPayable(Conflict):
    """An invoice was to be paid or written off, and nobody owes it; the fact `status` says what it is."""

    code = "invoice_not_payable"
    title = "Invoice can't be paid"
    default_remedy = "Load the invoice anew: it may have been paid, made void or not issued yet."


class AgreementSuspended(PaymentRequired):
    """An agreement grants nothing because an invoice was not paid in time."""

    code = "agreement_suspended"
    title = "Not paid in time"
    default_remedy = "Pay what is owed, and everything is there again."
