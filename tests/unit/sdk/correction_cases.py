"""One use of every operation that explains an invoice or corrects one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk import (
    CreditedLine,
    CreditNote,
    DayOfUsage,
    Explanation,
    Invoice,
    MarkedUsage,
    OtherLine,
    Refund,
    UsageBehind,
)
from tests.unit.sdk.operation_cases import OK, Case

INVOICES = "/api/v1/billing/invoices"
NOON = datetime(2026, 12, 21, 12, tzinfo=UTC)
TOLD = "2026-12-21T12:00:00Z"
MONTH = {"start": TOLD, "end": "2027-01-21T12:00:00Z"}
LOWERED = {"line": 3, "description": "Discount SPRING", "amount_minor": -10, "coupon": "SPRING"}
TAX_SHARE = {"rate": "rate_de", "name": "VAT", "percent": "19", "base_minor": "90", "amount_minor": "17"}
CREDITED = {"number": "CN-000001", "amount_minor": -40, "tax_minor": -8}
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
    "credits": [],
    "taxes": [TAX_SHARE],
    "net_minor": 90,
    "credit_notes": [CREDITED],
    "left_minor": 50,
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
    taxes=(TAX_SHARE,),
    credit_notes=(CREDITED,),
    left_minor=50,
    told=("Flat price: 1.00 USD.",),
)

NOTE_DOCUMENT = {
    "id": "note_1",
    "number": "CN-000001",
    "invoice_id": "invoice_1",
    "customer_id": "customer_1",
    "currency": "USD",
    "total_minor": 119,
    "destination": "refund",
    "reason": "a mistake",
    "issued_on": TOLD,
    "lines": [{"line": 2, "amount_minor": 100, "tax_minor": 19, "included_tax_minor": 0}],
    "refund": {
        "id": "refund_1",
        "status": "succeeded",
        "amount_minor": 119,
        "currency": "USD",
        "requested_on": TOLD,
        "settled_on": TOLD,
        "decline_code": None,
    },
}
NOTE = CreditNote(
    id="note_1",
    number="CN-000001",
    invoice_id="invoice_1",
    customer_id="customer_1",
    currency="USD",
    total_minor=119,
    destination="refund",
    reason="a mistake",
    issued_on=NOON,
    lines=(CreditedLine(2, 100, 19),),
    refund=Refund("refund_1", "succeeded", 119, "USD", NOON, NOON),
)
VOID_DOCUMENT = {
    "id": "invoice_1",
    "number": "INV-000001",
    "customer_id": "customer_1",
    "agreement_id": None,
    "status": "void",
    "reason": "renewal",
    "currency": "USD",
    "total_minor": 100,
    "lines": [],
}


def is_void(found: Invoice) -> bool:
    """Tell whether an operation gave the void invoice."""
    return (found.id, found.status, found.total_minor) == ("invoice_1", "void", 100)


CORRECTION_CASES = [
    Case(
        "credit_notes.list",
        lambda c: c.credit_notes.list("customer_1"),
        ("GET", "/api/v1/billing/credit_notes"),
        {**OK, "has_more": False, "credit_notes": [NOTE_DOCUMENT]},
        (NOTE,),
        params={"customer_id": "customer_1", "page_size": "100"},
    ),
    Case(
        "credit_notes.get",
        lambda c: c.credit_notes.get("note_1"),
        ("GET", "/api/v1/billing/credit_notes/note_1"),
        {**OK, "credit_note": {**NOTE_DOCUMENT, "refund": None}},
        replace(NOTE, refund=None),
    ),
    Case(
        "credit_notes.issue",
        lambda c: c.credit_notes.issue("invoice_1", reason="a mistake", lines={2: 100}, destination="refund"),
        ("POST", f"{INVOICES}/invoice_1/credit_notes"),
        {**OK, "credit_note": NOTE_DOCUMENT},
        NOTE,
        body={"reason": "a mistake", "destination": "refund", "lines": [{"line": 2, "amount_minor": 100}]},
    ),
    Case(
        "invoices.void",
        lambda c: c.invoices.void("invoice_1", idempotency_key="void-1"),
        ("POST", f"{INVOICES}/invoice_1/void"),
        {**OK, "invoice": VOID_DOCUMENT},
        is_void,
        idempotency_key="void-1",
    ),
    Case(
        "invoices.reissue",
        lambda c: c.invoices.reissue("invoice_1", lines={1: 100, 2: 0}),
        ("POST", f"{INVOICES}/invoice_1/reissue"),
        {**OK, "invoice": VOID_DOCUMENT},
        is_void,
        body={"lines": [{"line": 1, "amount_minor": 100}, {"line": 2, "amount_minor": 0}]},
    ),
    Case(
        "invoices.explain",
        lambda c: c.invoices.explain("invoice_1", line=2),
        ("GET", f"{INVOICES}/invoice_1/lines/2/explain"),
        {**OK, "explanation": EXPLANATION_DOCUMENT},
        EXPLANATION,
    ),
]
