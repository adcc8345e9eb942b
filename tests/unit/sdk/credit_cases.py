"""One use of every operation on credit for usage."""

from __future__ import annotations

from billing_sdk import CreditBalance, CreditGrant, CreditMovement, CreditSettings, Money
from tests.unit.sdk.catalog_cases import BILLING, NOON, gives
from tests.unit.sdk.operation_cases import OK, Case

GRANT_DOCUMENT = {
    "id": "grant_1",
    "customer_id": "customer_1",
    "name": "Welcome",
    "amount_minor": 1_000,
    "left_minor": 250,
    "currency": "USD",
    "category": "promotional",
    "priority": 10,
    "effective_on": "2026-11-21T12:00:00Z",
    "expires_on": None,
    "applies_to": ["ai_tokens"],
    "source": "manual",
    "status": "granted",
    "agreement_id": None,
    "invoice_id": None,
    "created_on": "2026-11-21T12:00:00Z",
    "voided_on": None,
}
GRANT = CreditGrant(
    id="grant_1",
    customer_id="customer_1",
    name="Welcome",
    amount=Money(1_000, "USD"),
    left=Money(250, "USD"),
    category="promotional",
    status="granted",
    source="manual",
    priority=10,
    effective_on=NOON,
    applies_to=("ai_tokens",),
    created_on=NOON,
)
MOVEMENT_DOCUMENT = {
    "id": "movement_1",
    "grant_id": "grant_1",
    "kind": "applied",
    "amount_minor": -750,
    "currency": "USD",
    "invoice_id": "invoice_1",
    "line": 2,
    "booked_on": "2026-11-21T12:00:00Z",
}
MOVEMENT = CreditMovement("movement_1", "grant_1", "applied", Money(-750, "USD"), "invoice_1", 2, NOON)
BALANCE_DOCUMENT = {"currency": "USD", "ledger_minor": 1_000, "pending_minor": 750, "available_minor": 250}
BALANCE = CreditBalance(Money(1_000, "USD"), Money(750, "USD"), Money(250, "USD"))

SETTINGS_DOCUMENT = {
    "customer_id": "customer_1",
    "currency": "USD",
    "threshold_minor": 500,
    "top_up_minor": 2_000,
    "stopped_on": None,
}
SETTINGS = CreditSettings("customer_1", Money(500, "USD"), Money(2_000, "USD"))


def of_customer(verb, call, noun, document, expected) -> Case:
    """A list of what a customer has."""
    answer = {**OK, "has_more": False, noun: [document]}
    params = {"page_size": "100", "customer_id": "customer_1"}
    return Case(f"credits.{verb}", call, ("GET", f"{BILLING}/{noun}"), answer, (expected,), params=params)


CREDIT_CASES: list[Case] = [
    of_customer("list", lambda c: c.credits.list("customer_1"), "credit_grants", GRANT_DOCUMENT, GRANT),
    of_customer("history", lambda c: c.credits.history("customer_1"), "credit_movements", MOVEMENT_DOCUMENT, MOVEMENT),
    Case(
        "credits.balance",
        lambda c: c.credits.balance("customer_1"),
        ("GET", f"{BILLING}/credit_balance"),
        {**OK, "credit_balances": [BALANCE_DOCUMENT]},
        (BALANCE,),
        params={"customer_id": "customer_1"},
    ),
    gives(
        "credits.get",
        lambda c: c.credits.get("grant_1"),
        ("GET", "credit_grants/grant_1"),
        "credit_grant",
        GRANT_DOCUMENT,
        GRANT,
    ),
    Case(
        "credits.settings",
        lambda c: c.credits.settings("customer_1"),
        ("GET", f"{BILLING}/credit_settings"),
        {**OK, "credit_settings": SETTINGS_DOCUMENT},
        SETTINGS,
        params={"customer_id": "customer_1"},
    ),
    gives(
        "credits.watch",
        lambda c: c.credits.watch(customer_id="customer_1", threshold=Money(500, "USD"), top_up=Money(2_000, "USD")),
        ("PUT", "credit_settings"),
        "credit_settings",
        SETTINGS_DOCUMENT,
        SETTINGS,
        body={"customer_id": "customer_1", "currency": "USD", "threshold_minor": 500, "top_up_minor": 2_000},
    ),
    Case(
        "credits.unwatch",
        lambda c: c.credits.unwatch("customer_1"),
        ("DELETE", f"{BILLING}/credit_settings"),
        OK,
        None,
        params={"customer_id": "customer_1"},
    ),
    gives(
        "credits.top_up",
        lambda c: c.credits.top_up(
            customer_id="customer_1", amount=Money(1_000, "USD"), expires_on=NOON, applies_to=["ai_tokens"]
        ),
        ("POST", "top_ups"),
        "credit_grant",
        GRANT_DOCUMENT,
        GRANT,
        body={
            "customer_id": "customer_1",
            "amount_minor": 1_000,
            "currency": "USD",
            "name": "Credit top-up",
            "priority": 50,
            "expires_on": "2026-11-21T12:00:00Z",
            "applies_to": ["ai_tokens"],
        },
    ),
    gives(
        "credits.grant",
        lambda c: c.credits.grant(
            customer_id="customer_1",
            name="Welcome",
            amount=Money(1_000, "USD"),
            category="paid",
            priority=10,
            effective_on=NOON,
            expires_on=NOON,
            applies_to=["ai_tokens"],
        ),
        ("POST", "credit_grants"),
        "credit_grant",
        GRANT_DOCUMENT,
        GRANT,
        body={
            "customer_id": "customer_1",
            "name": "Welcome",
            "amount_minor": 1_000,
            "currency": "USD",
            "category": "paid",
            "priority": 10,
            "effective_on": "2026-11-21T12:00:00Z",
            "expires_on": "2026-11-21T12:00:00Z",
            "applies_to": ["ai_tokens"],
        },
    ),
    gives(
        "credits.void",
        lambda c: c.credits.void("grant_1"),
        ("POST", "credit_grants/grant_1/void"),
        "credit_grant",
        GRANT_DOCUMENT,
        GRANT,
    ),
    gives(
        "credits.expire",
        lambda c: c.credits.expire("grant_1"),
        ("POST", "credit_grants/grant_1/expire"),
        "credit_grant",
        GRANT_DOCUMENT,
        GRANT,
    ),
]
