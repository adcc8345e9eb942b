"""One use of every operation on billing profiles, and on where customers are."""

from __future__ import annotations

from billing_sdk import (
    Address,
    BillingProfile,
    CustomerDetails,
    Dunning,
    DunningPolicy,
    InvoiceCollection,
    Numbering,
    PaymentAttempt,
    Supplier,
    TaxSettings,
)
from tests.unit.sdk.catalog_cases import BILLING, MORE, NOON, ONE_PAGE, deletes, gives
from tests.unit.sdk.operation_cases import OK, Case

BERLIN_DOCUMENT = {
    "country": "DE",
    "region": None,
    "city": "Berlin",
    "postal_code": "10115",
    "lines": ["Invalidenstrasse 1"],
}
BERLIN = Address("DE", city="Berlin", postal_code="10115", lines=("Invalidenstrasse 1",))
SUPPLIER = {"name": "Acme", "address": BERLIN_DOCUMENT, "tax_id": "DE123456789"}
TAX = {
    "is_enabled": True,
    "is_enforced": False,
    "default_tax_code": None,
    "behavior": "inclusive",
    "provider": "gateway",
}
DUNNING = {"retry_after": ["P1D"], "grace": "P2D", "at_end": "pause"}
PROFILE_DOCUMENT = {
    "id": "profile_1",
    "name": "Enterprise",
    "is_default": False,
    "supplier": SUPPLIER,
    "collection_method": "send_invoice",
    "due_after": "P1M",
    "wait_for_late_usage": "PT6H",
    "wait_before_sending": "PT0S",
    "numbering": {"prefix": "ENT", "digits": 4},
    "tax": TAX,
    "dunning": DUNNING,
    "progressive_threshold_minor": {"USD": 10_000},
    "is_consolidating": True,
    "language": "de",
    "finalizes": "by_gateway",
    "app_id": "app_1",
    "created_on": "2026-11-21T12:00:00Z",
}
PROFILE = BillingProfile(
    "profile_1",
    "Enterprise",
    supplier=Supplier("Acme", BERLIN, "DE123456789"),
    collection_method="send_invoice",
    due_after="P1M",
    wait_for_late_usage="PT6H",
    numbering=Numbering("ENT", 4),
    tax=TaxSettings(is_enabled=True, behavior="inclusive", provider="gateway"),
    dunning=DunningPolicy(("P1D",), "P2D", "pause"),
    progressive_threshold_minor={"USD": 10_000},
    is_consolidating=True,
    language="de",
    finalizes="by_gateway",
    app_id="app_1",
    created_on=NOON,
)
DETAILS_DOCUMENT = {
    "id": "customer_1",
    "kind": "organization",
    "billing_email": "a@b.example",
    "user_id": None,
    "org_code": "org_1",
    "address": BERLIN_DOCUMENT,
    "tax_ids": ["DE123456789"],
    "language": "de",
    "profile_id": "profile_1",
}
DETAILS = CustomerDetails(
    "customer_1", "organization", "a@b.example", None, "org_1", BERLIN, ("DE123456789",), "de", "profile_1"
)


def profile(verb, call, path, *, method="POST", body=None, key=None):
    """One use of a billing profile."""
    name, sends = f"billing_profiles.{verb}", (method, f"profiles{path}")
    return gives(name, call, sends, "billing_profile", PROFILE_DOCUMENT, PROFILE, body=body, key=key)


def customer(verb, call, method, body=None):
    """One use of what is known of a customer."""
    name, sends = f"customers.{verb}", (method, "customers/customer_1")
    return gives(name, call, sends, "billing_customer", DETAILS_DOCUMENT, DETAILS, body=body)


COLLECTION_DOCUMENT = {
    "invoice_id": "invoice_1",
    "number": "INV-000001",
    "status": "issued",
    "currency": "USD",
    "due_minor": 2_900,
    "due_on": "2026-11-21T12:00:00Z",
    "collection_method": "charge_automatically",
    "attempts": [
        {
            "id": "payment_1",
            "status": "failed",
            "amount_minor": 2_900,
            "attempted_on": "2026-11-21T12:00:00Z",
            "payment_method": "Visa ending in 0341",
            "reference": None,
            "decline_code": "generic_decline",
        }
    ],
    "dunning": {
        "started_on": "2026-11-21T12:00:00Z",
        "failures": 1,
        "next_attempt_on": "2026-11-21T12:00:00Z",
        "grace_ends_on": "2026-11-21T12:00:00Z",
        "access_closed_on": None,
        "at_end": "cancel",
        "ended_on": None,
        "outcome": None,
    },
}
ATTEMPT = PaymentAttempt("payment_1", "failed", 2_900, NOON, "Visa ending in 0341", decline_code="generic_decline")
COLLECTION = InvoiceCollection(
    "invoice_1",
    "INV-000001",
    "issued",
    "USD",
    2_900,
    NOON,
    "charge_automatically",
    (ATTEMPT,),
    Dunning(NOON, 1, NOON, NOON, None, "cancel"),
)


def collection(verb, call, path, *, method="POST", body=None):
    """One use of the collection of an invoice."""
    name, sends = f"invoices.{verb}", (method, f"invoices/invoice_1/{path}")
    return gives(name, call, sends, "collection", COLLECTION_DOCUMENT, COLLECTION, body=body)


BILLING_PROFILE_CASES = [
    collection("collection", lambda c: c.invoices.collection("invoice_1"), "collection", method="GET"),
    collection(
        "pay",
        lambda c: c.invoices.pay("invoice_1", by="other", reference="wire 7"),
        "pay",
        body={"by": "other", "reference": "wire 7"},
    ),
    collection("write_off", lambda c: c.invoices.write_off("invoice_1"), "write_off"),
    Case(
        "billing_profiles.list",
        lambda c: c.billing_profiles.list(),
        ("GET", f"{BILLING}/profiles"),
        {**OK, **MORE, "billing_profiles": [PROFILE_DOCUMENT]},
        (PROFILE,),
        params=ONE_PAGE,
    ),
    gives(
        "billing_profiles.get",
        lambda c: c.billing_profiles.get(),
        ("GET", "profiles/profile_default"),
        "billing_profile",
        PROFILE_DOCUMENT,
        PROFILE,
    ),
    profile(
        "create",
        lambda c: c.billing_profiles.create(
            name="Enterprise",
            supplier=PROFILE.supplier,
            collection_method="send_invoice",
            due_after="P1M",
            numbering=PROFILE.numbering,
            tax=PROFILE.tax,
            dunning=PROFILE.dunning,
            progressive_threshold_minor={"USD": 10_000},
            idempotency_key="k",
        ),
        "",
        body={
            "name": "Enterprise",
            "is_default": False,
            "supplier": SUPPLIER,
            "collection_method": "send_invoice",
            "due_after": "P1M",
            "numbering": {"prefix": "ENT", "digits": 4},
            "tax": TAX,
            "dunning": DUNNING,
            "progressive_threshold_minor": {"USD": 10_000},
        },
        key="k",
    ),
    profile(
        "update",
        lambda c: c.billing_profiles.update("profile_1", language="de"),
        "/profile_1",
        method="PATCH",
        body={"language": "de"},
    ),
    profile("make_default", lambda c: c.billing_profiles.make_default("profile_1"), "/profile_1/default"),
    deletes("billing_profiles.delete", lambda c: c.billing_profiles.delete("profile_1"), "profiles/profile_1"),
    customer("get", lambda c: c.customers.get("customer_1"), "GET"),
    customer(
        "update",
        lambda c: c.customers.update("customer_1", address=BERLIN, tax_ids=["DE123456789"], remove=["language"]),
        "PATCH",
        {"address": BERLIN_DOCUMENT, "tax_ids": ["DE123456789"], "language": None},
    ),
]
