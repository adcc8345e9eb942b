"""One use of every operation on the books."""

from __future__ import annotations

from datetime import date

from billing_sdk import AccountStanding, RevenueRow, RevenueTable, StatementLine, TrialBalance
from tests.unit.sdk.operation_cases import OK, Case

BILLING = "/api/v1/billing"
LINE_DOCUMENT = {
    "booked_on": "2025-04-01",
    "kind": "issue",
    "currency": "USD",
    "amount_minor": 10_000,
    "balance_minor": 10_000,
    "invoice_id": "invoice_1",
    "invoice_number": "INV-000001",
    "payment_id": None,
    "reference_id": None,
}

BOOKS_CASES: list[Case] = [
    Case(
        "books.revenue",
        lambda c: c.books.revenue(first_month="2025-01", last_month="2025-02", currency="USD", customer_id="c_1"),
        ("GET", f"{BILLING}/revenue"),
        {
            **OK,
            "tables": [
                {
                    "currency": "USD",
                    "months": ["2025-01", "2025-02"],
                    "rows": [{"account": "revenue", "changes_minor": [4_000, 0], "total_minor": 4_000}],
                }
            ],
        },
        (RevenueTable("USD", ("2025-01", "2025-02"), (RevenueRow("revenue", (4_000, 0), 4_000),)),),
        params={"first_month": "2025-01", "last_month": "2025-02", "currency": "USD", "customer_id": "c_1"},
    ),
    Case(
        "books.trial_balance",
        lambda c: c.books.trial_balance(until=date(2025, 3, 31)),
        ("GET", f"{BILLING}/trial_balance"),
        {
            **OK,
            "balances": [
                {
                    "currency": "USD",
                    "debits": [{"account": "cash", "amount_minor": 100}],
                    "credits": [{"account": "revenue", "amount_minor": 100}],
                    "total_minor": 100,
                }
            ],
        },
        (TrialBalance("USD", (AccountStanding("cash", 100),), (AccountStanding("revenue", 100),), 100),),
        params={"until": "2025-03-31"},
    ),
    Case(
        "books.statement",
        lambda c: c.books.statement("customer_1"),
        ("GET", f"{BILLING}/statement"),
        {**OK, "lines": [LINE_DOCUMENT]},
        (StatementLine(date(2025, 4, 1), "issue", "USD", 10_000, 10_000, "invoice_1", "INV-000001"),),
        params={"customer_id": "customer_1"},
    ),
]
