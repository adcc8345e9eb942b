"""One use of every operation on payment methods."""

from __future__ import annotations

from billing_sdk import PaymentMethod
from tests.unit.sdk.catalog_cases import BILLING, NOON
from tests.unit.sdk.operation_cases import OK, Case

METHODS = f"{BILLING}/customers/customer_1/payment_methods"
CARD_DOCUMENT = {
    "id": "method_1",
    "gateway": "stripe_platform",
    "kind": "card",
    "brand": "Visa",
    "last4": "4242",
    "exp_month": 12,
    "exp_year": 2034,
    "is_default": True,
    "is_gateway_default": False,
    "created_on": "2026-11-21T12:00:00Z",
    "invented_tomorrow": 1,
}
DEBIT_DOCUMENT = {
    **CARD_DOCUMENT,
    "id": "method_2",
    "kind": "sepa_debit",
    "brand": "",
    "last4": "3000",
    "exp_month": None,
    "exp_year": None,
    "is_default": False,
    "is_gateway_default": True,
}
CARD = PaymentMethod("method_1", "stripe_platform", "card", "Visa", "4242", 12, 2034, True, False, NOON)
DEBIT = PaymentMethod("method_2", "stripe_platform", "sepa_debit", "", "3000", None, None, False, True, NOON)

PAYMENT_METHOD_CASES = [
    Case(
        "payment_methods.list",
        lambda c: c.customers.payment_methods.list("customer_1"),
        ("GET", METHODS),
        {**OK, "payment_methods": [CARD_DOCUMENT, DEBIT_DOCUMENT]},
        (CARD, DEBIT),
    ),
    Case(
        "payment_methods.choose_default",
        lambda c: c.customers.payment_methods.choose_default("customer_1", "method_1", idempotency_key="once"),
        ("POST", f"{METHODS}/method_1/default"),
        {**OK, "payment_methods": [CARD_DOCUMENT]},
        (CARD,),
        idempotency_key="once",
    ),
    Case(
        "payment_methods.detach",
        lambda c: c.customers.payment_methods.detach("customer_1", "method_1"),
        ("DELETE", f"{METHODS}/method_1"),
        {**OK, "payment_methods": [DEBIT_DOCUMENT]},
        (DEBIT,),
    ),
]
