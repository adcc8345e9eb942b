"""The shape of an invoice, and the sums of one."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.wire import listed

LINES_SHOWN = 10


def new_invoice(call: Call, customer: Json, currency: str, collection_method: str) -> Json:
    """Return a draft without lines."""
    return {
        "id": call.state.ids.new("in"),
        "object": "invoice",
        "account_country": "US",
        "account_name": "Simulated account",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": collection_method,
        "created": call.now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {"object": "list", "data": [], "has_more": False, "url": ""},
        "livemode": call.space.is_live,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "payments": {"object": "list", "data": [], "has_more": False, "url": "/v1/invoice_payments"},
        "confirmation_secret": None,
        "period_end": call.now,
        "period_start": call.now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer["balance"],
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def lines_of(call: Call, invoice: Json) -> list[Json]:
    """Return the lines of an invoice, in the order in which they were added."""
    return [line for line in call.space.all("line_item") if line["invoice"] == invoice["id"]]


def add_up(call: Call, invoice: Json) -> None:
    """Bring the sums of an invoice in line with its lines."""
    lines = lines_of(call, invoice)
    subtotal = sum(line["amount"] for line in lines)
    taxes: dict[str, Json] = {}
    for line in lines:
        for tax in line["taxes"]:
            name = f"{tax['tax_behavior']}/{tax['tax_rate_details']['tax_rate']}"
            kept = taxes.setdefault(name, {**tax, "amount": 0, "taxable_amount": 0})
            kept["amount"] += tax["amount"]
            kept["taxable_amount"] += tax["taxable_amount"]
    exclusive = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "exclusive")
    inclusive = sum(tax["amount"] for tax in taxes.values() if tax["tax_behavior"] == "inclusive")
    total = subtotal + exclusive
    if invoice["status"] == "draft":
        invoice["starting_balance"] = call.space.get("customer", invoice["customer"])["balance"]
    due = max(0, total + (invoice["starting_balance"] if total > 0 else 0))
    url = f"/v1/invoices/{invoice['id']}/lines"
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        total=total,
        total_excluding_tax=total - exclusive - inclusive,
        total_taxes=list(taxes.values()),
        amount_due=due,
        amount_remaining=max(0, due - invoice["amount_paid"]),
        lines=listed(lines, url, {"limit": LINES_SHOWN}, is_newest_first=False),
    )
