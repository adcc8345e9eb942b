"""One use of every operation about disputes."""

from __future__ import annotations

from datetime import UTC, datetime

from billing_sdk import Dispute
from tests.unit.sdk.operation_cases import OK, Case

NOON = datetime(2026, 12, 21, 12, tzinfo=UTC)
TOLD = "2026-12-21T12:00:00Z"
DOCUMENT = {
    "id": "dispute_1",
    "payment_id": "payment_1",
    "invoice_id": "invoice_1",
    "customer_id": "customer_1",
    "gateway": "managed",
    "reference": "du_1",
    "kind": "dispute",
    "amount_minor": 2_900,
    "held_minor": 2_900,
    "currency": "USD",
    "reason": "fraudulent",
    "status": "needs_response",
    "opened_on": TOLD,
    "evidence_due_on": None,
    "closed_on": None,
}
DISPUTE = Dispute(
    id="dispute_1",
    payment_id="payment_1",
    customer_id="customer_1",
    kind="dispute",
    amount_minor=2_900,
    currency="USD",
    reason="fraudulent",
    status="needs_response",
    held_minor=2_900,
    invoice_id="invoice_1",
    gateway="managed",
    reference="du_1",
    opened_on=NOON,
)

DISPUTE_CASES = [
    Case(
        "disputes.list",
        lambda c: c.disputes.list(customer_id="customer_1", status="needs_response"),
        ("GET", "/api/v1/billing/disputes"),
        {**OK, "has_more": False, "disputes": [DOCUMENT]},
        (DISPUTE,),
        params={"customer_id": "customer_1", "status": "needs_response", "page_size": "100"},
    ),
    Case(
        "disputes.get",
        lambda c: c.disputes.get("dispute_1"),
        ("GET", "/api/v1/billing/disputes/dispute_1"),
        {**OK, "dispute": DOCUMENT},
        DISPUTE,
    ),
    Case(
        "disputes.close",
        lambda c: c.disputes.close("dispute_1", outcome="lost", idempotency_key="close-1"),
        ("POST", "/api/v1/billing/disputes/dispute_1/close"),
        {**OK, "dispute": DOCUMENT},
        DISPUTE,
        body={"outcome": "lost"},
        idempotency_key="close-1",
    ),
]
