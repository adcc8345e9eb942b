"""Operations that put invoices together: what they send, and what they make of the answer."""

from __future__ import annotations

from billing_sdk import Money, UpcomingInvoice
from tests.unit.sdk.agreement_cases import INVOICE, INVOICE_DOCUMENT, LATER, LINE, LINE_DOCUMENT
from tests.unit.sdk.operation_cases import OK, Case

BILLING = "/api/v1/billing"
ONE = f"{BILLING}/invoices/invoice_1"
ANSWER = {**OK, "invoice": INVOICE_DOCUMENT}
SETUP = {"description": "Setup", "amount_minor": 5_000, "currency": "USD"}
PERIOD = {"period_start": "2026-12-21T12:00:00Z", "period_end": "2026-12-21T12:00:00Z"}


def gives_invoice(verb, call, sends, *, body=None, key=None) -> Case:
    """One use of an operation that returns an invoice."""
    return Case(f"invoices.{verb}", call, sends, ANSWER, INVOICE, body=body, idempotency_key=key)


DRAFT_CASES: list[Case] = [
    Case(
        "invoices.list",
        lambda c: c.invoices.list("customer_1", status="gathering"),
        ("GET", f"{BILLING}/invoices"),
        {**OK, "has_more": False, "invoices": [INVOICE_DOCUMENT]},
        (INVOICE,),
        params={"customer_id": "customer_1", "status": "gathering", "page_size": "100"},
    ),
    Case(
        "invoices.upcoming",
        lambda c: c.invoices.upcoming("customer_1"),
        ("GET", f"{BILLING}/upcoming_invoices"),
        {
            **OK,
            "upcoming_invoices": [
                {
                    "currency": "USD",
                    "total_minor": 2_900,
                    "bills_on": "2026-12-21T12:00:00Z",
                    "issues_on": "2026-12-21T12:00:00Z",
                    "agreement_ids": ["agreement_1"],
                    "invoice_id": None,
                    "lines": [LINE_DOCUMENT],
                }
            ],
        },
        (UpcomingInvoice("USD", 2_900, LATER, LATER, ("agreement_1",), None, (LINE,)),),
        params={"customer_id": "customer_1"},
    ),
    gives_invoice(
        "charge",
        lambda c: c.invoices.charge(
            "customer_1",
            description="Setup",
            amount=Money(5_000, "USD"),
            bill_now=True,
            tax_code="service",
            tax_behavior="inclusive",
            idempotency_key="once",
        ),
        ("POST", f"{BILLING}/charges"),
        body={
            "customer_id": "customer_1",
            "bill_now": True,
            "tax_code": "service",
            "tax_behavior": "inclusive",
            **SETUP,
        },
        key="once",
    ),
    gives_invoice(
        "draft",
        lambda c: c.invoices.draft("customer_1", currency="USD"),
        ("POST", f"{BILLING}/invoices"),
        body={"customer_id": "customer_1", "currency": "USD"},
    ),
    gives_invoice(
        "add_line",
        lambda c: c.invoices.add_line(
            "invoice_1",
            description="Setup",
            amount=Money(5_000, "USD"),
            period=(LATER, LATER),
            agreement_id="agreement_1",
        ),
        ("POST", f"{ONE}/lines"),
        body={"agreement_id": "agreement_1", **SETUP, **PERIOD},
    ),
    gives_invoice("remove_line", lambda c: c.invoices.remove_line("invoice_1", line=2), ("DELETE", f"{ONE}/lines/2")),
    gives_invoice("finalize", lambda c: c.invoices.finalize("invoice_1"), ("POST", f"{ONE}/finalize")),
    Case("invoices.discard", lambda c: c.invoices.discard("invoice_1"), ("DELETE", ONE), OK, None),
]
