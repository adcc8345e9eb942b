"""The objects of the simulated Stripe and what can be done with each; importing them fills the table of operations.

It owns the rules of the objects. It does not own the wire, idempotency or faults. Times are seconds of the simulator's
clock.
"""

from billing_sdk.testing.stripe.objects import (
    accounts,
    checkout,
    credit_notes,
    customers,
    disputes,
    invoice_items,
    invoice_lines,
    invoices,
    oauth,
    payment_methods,
    payments,
    portal,
    prices,
    products,
    refunds,
    setup_intents,
    tax_ids,
    tax_rates,
    webhook_endpoints,
)

__all__ = (
    "accounts",
    "checkout",
    "credit_notes",
    "customers",
    "disputes",
    "invoice_items",
    "invoice_lines",
    "invoices",
    "oauth",
    "payment_methods",
    "payments",
    "portal",
    "prices",
    "products",
    "refunds",
    "setup_intents",
    "tax_ids",
    "tax_rates",
    "webhook_endpoints",
)
