"""Tax rates: what the taxes of invoices refer to."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed


@operation("GET /v1/tax_rates/{id}")
def retrieve(call: Call) -> Json:
    """Return a tax rate."""
    return call.space.get("tax_rate", call.id)


@operation("GET /v1/tax_rates", "active inclusive", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List tax rates, the newest first."""
    found = selected(call, call.space.all("tax_rate"), "active", "inclusive")
    return listed(found, "/v1/tax_rates", call.params)
