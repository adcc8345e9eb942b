"""Drives one of Stripe's published clients, unmodified, over payments, invoices and Checkout.

It runs in an environment of its own, where nothing of ours is; only the client's base address is another one. It reads
a line of JSON with `base`, `key`, `cadence`, `plan` and `has_plans`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys

import stripe

ITEM = "pricing_plan_subscription_item"


def client_of(task):
    """Return a client of the server."""
    return stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)


def declined(call):
    """Return what a refused card looks like to the client."""
    try:
        call()
    except stripe.CardError as error:
        intent = error.error.payment_intent
        return [error.code, error.error.decline_code, error.http_status, intent.status if intent else None]
    return None


def payments_of(v1):
    """Take money in every way, and give some back."""
    customer = v1.customers.create({"email": "payer@example.com"}).id
    of = {"amount": 2200, "currency": "usd", "customer": customer}
    paid = v1.payment_intents.create({**of, "payment_method": "pm_card_visa", "confirm": True, "off_session": True})
    asked = v1.payment_intents.create({**of, "payment_method": "pm_card_authenticationRequired", "confirm": True})
    refused = declined(
        lambda: v1.payment_intents.create({**of, "payment_method": "pm_card_chargeDeclined", "confirm": True})
    )
    setup = v1.setup_intents.create({"customer": customer, "payment_method": "pm_card_amex", "confirm": True})
    stepwise = v1.payment_intents.create(of)
    v1.payment_intents.update(stepwise.id, {"metadata": {"order": "7"}})
    confirmed = v1.payment_intents.confirm(stepwise.id, {"payment_method": setup.payment_method})
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 200})
    listed = [one.id for one in v1.payment_intents.list({"customer": customer, "limit": 1}).auto_paging_iter()]
    return {
        "statuses": [paid.status, asked.status, asked.next_action.type, setup.status, confirmed.status],
        "refused": refused,
        "metadata": confirmed.metadata["order"],
        "cancelled": v1.payment_intents.cancel(asked.id).status,
        "refund": [refund.status, refund.amount, v1.refunds.retrieve(refund.id).payment_intent == paid.id],
        "listed": [paid.id in listed, len(listed)],
    }


def invoices_of(v1, task):
    """Read what was billed, and what is to come."""
    [invoice] = v1.invoices.list({"customer": task["customer"]}).data
    line = v1.invoices.line_items.list(invoice.id).data[0]
    preview = v1.invoices.create_preview({"billing_cadence": task["cadence"]}) if task["has_plans"] else None
    return {
        "invoice": [invoice.status, invoice.total, invoice.amount_paid, invoice.parent.type],
        "cadence": invoice.parent.billing_cadence_details.billing_cadence == task["cadence"],
        "line": [line.amount, line.parent.type, line.pricing.type],
        "preview": preview and [preview.status, preview.total],
        "again": v1.invoices.retrieve(invoice.id).id == invoice.id,
    }


def checkout_of(v1, task):
    """Begin a session, and give it up."""
    configured = {"monthly-fee-component": {"type": "license_fee_component", "license_fee_component": {"quantity": 3}}}
    item = {"type": ITEM, ITEM: {"pricing_plan": task["plan"], "component_configurations": configured}}
    version = {"stripe_version": f"{task['version']};checkout_product_catalog_preview=v1"}
    session = v1.checkout.sessions.create(
        {"checkout_items": [item], "success_url": "https://example.com/success"}, options=version
    )
    again = v1.checkout.sessions.retrieve(session.id, options=version)
    return [session.amount_total, again.status, v1.checkout.sessions.expire(session.id, options=version).status]


def run(task):
    """Do everything that this version of the client can."""
    client = client_of(task)
    v1 = getattr(client, "v1", client)
    found = {"payments": payments_of(v1), "invoices": invoices_of(v1, task)}
    if task["has_plans"]:
        found["checkout"] = checkout_of(v1, task)
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
