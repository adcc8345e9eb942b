"""One use of every operation on agreements that hosted providers lack, and of those with extensions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk import (
    AgreedAddOn,
    AgreedDiscount,
    Agreement,
    ChangePreview,
    ChargeLine,
    Credit,
    CreditEntry,
    Invoice,
    InvoiceTax,
    Money,
    NextCharge,
    NextInvoice,
    PendingChange,
)
from tests.unit.sdk.kit import NOW
from tests.unit.sdk.operation_cases import ENTITLEMENT, OK, Case

PATH = "/api/v1/billing/agreements"
LATER = datetime(2026, 12, 21, 12, tzinfo=UTC)
DOCUMENT = {
    "id": "agreement_1",
    "plan_code": "pro",
    "status": "active",
    "currency": "EUR",
    "cadence": "3 months",
    "plan_version": 2,
    "next_version": 3,
    "started_on": "2026-09-21T12:00:00Z",
    "ended_on": None,
    "trial_ends_on": None,
    "cancels_on": None,
    "paused_on": None,
    "pending_change": {"plan_code": "free", "changes_on": "2026-12-21T12:00:00Z"},
    "quantities": {"seats": 5},
    "add_ons": [{"plan_code": "support", "quantity": 2}],
    "discounts": [
        {"coupon_code": "SPRING", "percent_off": "12.5", "amount_off_minor": None, "periods_left": 3},
        {"coupon_code": "FIVE", "percent_off": None, "amount_off_minor": 500, "periods_left": None},
    ],
    "is_unpaid": False,
}
AGREEMENT = Agreement(
    "agreement_1",
    "pro",
    status="active",
    currency="EUR",
    cadence="3 months",
    plan_version=2,
    next_version=3,
    started_on=datetime(2026, 9, 21, 12, tzinfo=UTC),
    pending_change=PendingChange("free", LATER),
    quantities={"seats": 5},
    add_ons=(AgreedAddOn("support", 2),),
    discounts=(AgreedDiscount("SPRING", Decimal("12.5"), None, 3), AgreedDiscount("FIVE", None, 500, None)),
)
ANSWER = {**OK, "agreement": DOCUMENT}

PREVIEW_DOCUMENT = {
    **OK,
    "preview": {
        "plan_code": "pro",
        "currency": "USD",
        "total_minor": 2_900,
        "changes_on": "2026-12-21T12:00:00Z",
        "credit_minor": 100,
        "balance_minor": 50,
        "needs_payment_method": True,
        "next_charge": {"charges_on": "2026-12-21T12:00:00Z", "total_minor": 2_900, "lines": []},
        "plan_version": 3,
        "terms": "0a1b",
        "lines": [
            {
                "description": "Seats",
                "amount_minor": 2_900,
                "currency": "USD",
                "quantity": "5",
                "period_start": "2026-12-21T12:00:00Z",
                "period_end": None,
                "derivation": {"policy": "second"},
            }
        ],
    },
}
PREVIEW = ChangePreview(
    "pro",
    "USD",
    2_900,
    LATER,
    (ChargeLine("Seats", 2_900, "USD", Decimal(5), LATER, derivation={"policy": "second"}),),
    100,
    50,
    True,
    NextCharge(2_900, LATER),
    3,
    "0a1b",
)


def act(verb, call, path, *, method="POST", body=None, key=None) -> Case:
    """One change of an agreement, which is answered with what it is then."""
    return Case(
        f"agreements.{verb}",
        call,
        (method, f"{PATH}/agreement_1{path}"),
        ANSWER,
        AGREEMENT,
        body=body,
        idempotency_key=key,
    )


LINE_DOCUMENT = {
    "description": "Pro",
    "amount_minor": 2_900,
    "currency": "USD",
    "quantity": None,
    "period_start": "2026-12-21T12:00:00Z",
    "period_end": None,
    "derivation": {},
    "told": ["A flat price of 29.00 USD."],
}
LINE = ChargeLine("Pro", 2_900, "USD", None, LATER, told=("A flat price of 29.00 USD.",))
INVOICE_DOCUMENT = {
    "id": "invoice_1",
    "number": "INV-000001",
    "customer_id": "customer_1",
    "agreement_id": "agreement_1",
    "status": "paid",
    "currency": "USD",
    "total_minor": 2_900,
    "issued_on": "2026-12-21T12:00:00Z",
    "lines": [LINE_DOCUMENT],
    "taxes": [
        {
            "rate_id": "taxrate_1",
            "name": "VAT",
            "percent": "19",
            "base_minor": 2_437,
            "amount_minor": 463,
            "is_inclusive": True,
        }
    ],
    "warnings": [],
}
INVOICE = Invoice(
    "invoice_1",
    "INV-000001",
    "customer_1",
    "agreement_1",
    "paid",
    "USD",
    2_900,
    LATER,
    (LINE,),
    taxes=(InvoiceTax("taxrate_1", "VAT", Decimal(19), 2_437, 463, True),),
)
INVOICE_CASES = [
    Case(
        "invoices.list",
        lambda c: c.invoices.list("customer_1"),
        ("GET", "/api/v1/billing/invoices"),
        {**OK, "has_more": False, "invoices": [INVOICE_DOCUMENT]},
        (INVOICE,),
        params={"customer_id": "customer_1", "page_size": "100"},
    ),
    Case(
        "invoices.get",
        lambda c: c.invoices.get("invoice_1"),
        ("GET", "/api/v1/billing/invoices/invoice_1"),
        {**OK, "invoice": INVOICE_DOCUMENT},
        INVOICE,
    ),
    Case(
        "invoices.next_of",
        lambda c: c.invoices.next_of("agreement_1"),
        ("GET", f"{PATH}/agreement_1/next_invoice"),
        {
            **OK,
            "next_invoice": {
                "bills_on": "2026-12-21T12:00:00Z",
                "currency": "USD",
                "total_minor": 2_900,
                "lines": [LINE_DOCUMENT],
            },
        },
        NextInvoice("USD", 2_900, LATER, (LINE,)),
    ),
    Case(
        "invoices.credit",
        lambda c: c.invoices.credit("customer_1"),
        ("GET", "/api/v1/billing/credit"),
        {
            **OK,
            "balances": [{"amount_minor": 100, "currency": "USD"}],
            "entries": [
                {
                    "id": "credit_1",
                    "amount_minor": 100,
                    "currency": "USD",
                    "reason": "unused_time",
                    "agreement_id": "agreement_1",
                    "booked_on": "2026-12-21T12:00:00Z",
                }
            ],
        },
        Credit(
            (Money(100, "USD"),), (CreditEntry("credit_1", Money(100, "USD"), "unused_time", LATER, "agreement_1"),)
        ),
        params={"customer_id": "customer_1"},
    ),
]
AGREEMENT_CASES = [
    *INVOICE_CASES,
    Case(
        "entitlements.of_customer",
        lambda c: c.entitlements.of_customer("customer_1"),
        ("GET", "/api/v1/billing/entitlements"),
        {
            **OK,
            "has_more": False,
            "plans": [{"code": "pro", "subscribed_on": "2024-11-18T13:32:03Z"}],
            "entitlements": [{**ENTITLEMENT, "feature_code": "base_price"}],
        },
        lambda found: (found.on_plan("pro"), found.has("base_price"), found.taken_at) == (True, True, NOW),
        params={"customer_id": "customer_1", "expand": "plans", "page_size": "100"},
    ),
    act("get", lambda c: c.agreements.get("agreement_1"), "", method="GET"),
    Case(
        "agreements.create",
        lambda c: c.agreements.create(
            customer_id="customer_1",
            plan_code="pro",
            is_invoice_now=True,
            currency="EUR",
            plan_version=2,
            quantities={"seats": 5},
            add_ons={"support": 2},
            coupon_code="SPRING",
            timing=LATER,
            trial=False,
        ),
        ("POST", PATH),
        {**OK, "agreement": {"id": "agreement_2", "plan_code": "pro", "status": "active"}},
        "agreement_2",
        body={
            "customer_id": "customer_1",
            "plan_code": "pro",
            "is_invoice_now": True,
            "currency": "EUR",
            "plan_version": 2,
            "quantities": {"seats": 5},
            "add_ons": [{"plan_code": "support", "quantity": 2}],
            "coupon_code": "SPRING",
            "timing": "2026-12-21T12:00:00Z",
            "trial": False,
        },
    ),
    Case(
        "agreements.preview",
        lambda c: c.agreements.preview(customer_id="customer_1", plan_code="pro", timing="period_end"),
        ("POST", "/api/v1/billing/agreement_previews"),
        PREVIEW_DOCUMENT,
        PREVIEW,
        body={"customer_id": "customer_1", "plan_code": "pro", "timing": "period_end"},
    ),
    Case(
        "agreements.preview_alteration",
        lambda c: c.agreements.preview_alteration(
            "agreement_1", quantities={"seats": 9}, add_ons={"support": 0}, timing="period_end", is_prorate=True
        ),
        ("POST", f"{PATH}/agreement_1/alteration_preview"),
        PREVIEW_DOCUMENT,
        PREVIEW,
        body={
            "quantities": {"seats": 9},
            "add_ons": [{"plan_code": "support", "quantity": 0}],
            "timing": "period_end",
            "is_prorate": True,
        },
    ),
    Case(
        "agreements.preview_cancellation",
        lambda c: c.agreements.preview_cancellation("agreement_1", is_invoice_now=True, is_prorate=False),
        ("POST", f"{PATH}/agreement_1/cancellation_preview"),
        PREVIEW_DOCUMENT,
        PREVIEW,
        body={"is_invoice_now": True, "is_prorate": False},
    ),
    Case(
        "agreements.cancel",
        lambda c: c.agreements.cancel("agreement_1", timing="period_end", is_prorate=True),
        ("DELETE", PATH),
        OK,
        None,
        params={"agreement_id": "agreement_1", "timing": "period_end", "is_prorate": "true"},
    ),
    act("undo", lambda c: c.agreements.undo("agreement_1", idempotency_key="k"), "/undo", key="k"),
    act("pause", lambda c: c.agreements.pause("agreement_1"), "/pause"),
    act("resume", lambda c: c.agreements.resume("agreement_1"), "/resume"),
    act(
        "set_quantity",
        lambda c: c.agreements.set_quantity("agreement_1", "seats", 5, timing="period_end"),
        "/quantity",
        body={"fee_code": "seats", "quantity": 5, "timing": "period_end"},
    ),
    act(
        "add_add_on",
        lambda c: c.agreements.add_add_on("agreement_1", "support", quantity=2),
        "/add_ons",
        body={"plan_code": "support", "quantity": 2},
    ),
    act(
        "remove_add_on",
        lambda c: c.agreements.remove_add_on("agreement_1", "support"),
        "/add_ons/support",
        method="DELETE",
    ),
    act(
        "apply_coupon",
        lambda c: c.agreements.apply_coupon("agreement_1", "SPRING"),
        "/discounts",
        body={"coupon_code": "SPRING"},
    ),
    act(
        "remove_coupon",
        lambda c: c.agreements.remove_coupon("agreement_1", "SPRING"),
        "/discounts/SPRING",
        method="DELETE",
    ),
]
