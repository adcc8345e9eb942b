"""What a billing server refuses about tax."""

from __future__ import annotations

from billing_sdk.errors._answers import Conflict, NotFound


class UnknownTaxCode(NotFound):
    """There is no tax code with this key."""

    code = "unknown_tax_code"
    title = "Unknown tax code"
    default_remedy = "List the tax codes and name one of them, or create it first."


class UnknownTaxRate(NotFound):
    """There is no tax rate with this id."""

    code = "unknown_tax_rate"
    title = "Unknown tax rate"
    default_remedy = "List the tax rates and name one of them."


class TaxRateExists(Conflict):
    """A place would charge one tax twice: another rate of the name holds there for the tax code at the same time."""

    code = "tax_rate_exists"
    title = "Tax rate exists already"
    default_remedy = "End the other rate first, let this one begin when it ends, or give it another name."


class TaxLocationMissing(Conflict):
    """Tax can't be worked out because the customer's country is not known, and the billing profile insists on it."""

    code = "tax_location_missing"
    title = "Country of the customer is missing"
    default_remedy = "Add the customer's billing address, then try again."
