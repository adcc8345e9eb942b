"""One use of every operation that explains an invoice or corrects one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk import DayOfUsage, Explanation, MarkedUsage, OtherLine, UsageBehind
from tests.unit.sdk.operation_cases import OK, Case

INVOICES = "/api/v1/billing/invoices"
NOON = datetime(2026, 12, 21, 12, tzinfo=UTC)
TOLD = "2026-12-21T12:00:00Z"
MONTH = {"start": TOLD, "end": "2027-01-21T12:00:00Z"}
LOWERED = {"line": 3, "description": "Discount SPRING", "amount_minor": -10, "coupon": "SPRING"}
EXPLANATION_DOCUMENT = {
    "invoice_id": "invoice_1",
    "invoice_number": "INV-000001",
    "line": 2,
    "description": "Tokens",
    "kind": "usage",
    "amount_minor": 100,
    "currency": "USD",
    "plan": {"code": "pro", "name": "Pro", "version": 3, "version_id": "version_1", "created_on": TOLD},
    "component": {"id": "rate_1", "kind": "rate", "terms": {"price": {"model": "flat", "amount": "100"}}},
    "period": MONTH,
    "interval": MONTH,
    "zone": "UTC",
    "quantity": "2.5",
    "usage": {
        "feature": "tokens",
        "counted": MONTH,
        "readings": 2,
        "totals_reported": 0,
        "first_on": TOLD,
        "last_on": TOLD,
        "total": "2.5",
        "by_day": [{"day": "2026-12-21", "readings": 2, "quantity": "2.5"}],
        "by_dimension": [{"values": {"model": "large"}, "quantity": "1"}],
        "is_whole": True,
    },
    "calculation": {"feature": "tokens"},
    "proration": None,
    "policies": {"rounding": "half_up"},
    "rounding": {"rule": "half_up", "exact_minor": "100", "rounded_minor": "100"},
    "of_lines": [],
    "discounts": [LOWERED],
    "net_minor": 90,
    "told": ["Flat price: 1.00 USD."],
}
EXPLANATION = Explanation(
    invoice_id="invoice_1",
    line=2,
    amount_minor=100,
    currency="USD",
    net_minor=90,
    description="Tokens",
    kind="usage",
    invoice_number="INV-000001",
    quantity=Decimal("2.5"),
    usage=UsageBehind(
        feature="tokens",
        readings=2,
        total=Decimal("2.5"),
        is_whole=True,
        first_on=NOON,
        last_on=NOON,
        by_day=(DayOfUsage("2026-12-21", 2, Decimal("2.5")),),
        by_dimension=(MarkedUsage({"model": "large"}, Decimal(1)),),
    ),
    plan=EXPLANATION_DOCUMENT["plan"],  # type: ignore[arg-type]  # as it was sent
    component=EXPLANATION_DOCUMENT["component"],  # type: ignore[arg-type]  # as it was sent
    period=MONTH,
    interval=MONTH,
    calculation={"feature": "tokens"},
    policies={"rounding": "half_up"},
    rounding={"rule": "half_up", "exact_minor": "100", "rounded_minor": "100"},
    discounts=(OtherLine(3, "Discount SPRING", -10),),
    told=("Flat price: 1.00 USD.",),
)

CORRECTION_CASES = [
    Case(
        "invoices.explain",
        lambda c: c.invoices.explain("invoice_1", line=2),
        ("GET", f"{INVOICES}/invoice_1/lines/2/explain"),
        {**OK, "explanation": EXPLANATION_DOCUMENT},
        EXPLANATION,
    ),
]
