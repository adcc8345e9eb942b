"""The objects of the simulated Stripe and what can be done with each; importing them fills the table of operations.

It owns the rules of the objects. It does not own the wire, idempotency or faults. Times are seconds of the simulator's
clock.
"""

from billing_sdk.testing.stripe.objects import (
    accounts,
    customers,
    disputes,
    invoice_items,
    invoice_lines,
    invoices,
    payment_methods,
    payments,
    prices,
    products,
    refunds,
    tax_ids,
    tax_rates,
)

__all__ = (
    "accounts",
    "customers",
    "disputes",
    "invoice_items",
    "invoice_lines",
    "invoices",
    "payment_methods",
    "payments",
    "prices",
    "products",
    "refunds",
    "tax_ids",
    "tax_rates",
)
