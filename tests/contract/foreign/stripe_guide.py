"""Drives one of Stripe's published clients, unmodified, through the guide "Create hybrid pricing plans".

It runs in an environment of its own, where nothing of ours is; only the client's base address is another one. It reads
a line of JSON with `base`, `key` and `collection`, and prints what it has found as one line.
Source: Stripe documentation, "Create hybrid pricing plans".
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe

BEGIN = 1893456000  # 2030-01-01T00:00:00Z
NEXT_MONTH = 1896134400  # 2030-02-01T00:00:00Z
SEATS = 3
WAIT_SECONDS = 60
TYPES = (
    "v2.billing.pricing_plan_subscription.servicing_activated",
    "v2.billing.pricing_plan_subscription.servicing_paused",
    "v2.billing.pricing_plan_subscription.servicing_canceled",
    "v2.billing.pricing_plan_subscription.collection_current",
    "v2.billing.pricing_plan_subscription.collection_awaiting_customer_action",
    "v2.billing.pricing_plan_subscription.collection_paused",
    "v2.billing.rate_card_subscription.collection_past_due",
    "v2.billing.rate_card_subscription.collection_unpaid",
    "v2.billing.rate_card_subscription.servicing_activated",
    "v2.billing.cadence.billed",
    "v2.billing.pricing_plan.created",
)


class Listener:
    """An address on loopback that keeps what is sent to it, and knows when something has come."""

    def __init__(self):
        self.arrived = []
        self.changed = threading.Condition()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with listener.changed:
                    listener.arrived.append((body, self.headers["Stripe-Signature"]))
                    listener.changed.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_args):
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/v2_webhook_endpoint"

    def types(self, client, secret):
        """Return the types of what has come, with each as the client's own parser has verified and read it."""
        with self.changed:
            arrived = list(self.arrived)
        read = [client.parse_event_notification(body, signature, secret) for body, signature in arrived]
        return {one.type: one for one in read}

    def wait_for(self, wanted, client, secret):
        """Wait until events of all these types have come; each step is one that has come."""
        while not set(wanted) <= set(self.types(client, secret)):
            with self.changed:
                if not self.changed.wait(timeout=WAIT_SECONDS):
                    raise TimeoutError(sorted(set(wanted) - set(self.types(client, secret))))


def catalogue(client):
    """Make a meter and a plan with a rate card, a licence fee and a service action, and put the plan up for sale."""
    billing = client.v2.billing
    meter = client.v1.billing.meters.create(
        {
            "display_name": "Alpaca AI tokens",
            "event_name": "alpaca_ai_tokens",
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
            "value_settings": {"event_payload_key": "value"},
        }
    )
    item = billing.metered_items.create({"display_name": "Tokens", "meter": meter.id, "lookup_key": "tokens"})
    interval = {"service_interval": "month", "service_interval_count": 1}
    sold = {"currency": "usd", "tax_behavior": "exclusive"}
    card = billing.rate_cards.create({"display_name": "Alpaca AI", **interval, **sold})
    rate = billing.rate_cards.rates.create(card.id, {"metered_item": item.id, "unit_amount": "5"})
    licensed = billing.licensed_items.create({"display_name": "Seat"})
    fee = billing.license_fees.create(
        {"display_name": "Seat", "licensed_item": licensed.id, "unit_amount": "50000", **interval, **sold}
    )
    action = billing.service_actions.create(
        {
            **interval,
            "type": "credit_grant",
            "lookup_key": "credit grant 28",
            "credit_grant": {
                "name": "Credit grant 28",
                "expiry_config": {"type": "end_of_service_period"},
                "applicability_config": {"scope": {"billable_items": [item.id]}},
                "amount": {"type": "monetary", "monetary": {"value": 1000, "currency": "usd"}},
            },
        }
    )
    plan = billing.pricing_plans.create({"display_name": "Pro Pricing Plan", **sold})
    components = billing.pricing_plans.components
    components.create(plan.id, {"type": "rate_card", "rate_card": {"id": card.id}})
    components.create(
        plan.id, {"type": "license_fee", "license_fee": {"id": fee.id}, "lookup_key": "monthly-fee-component"}
    )
    components.create(
        plan.id, {"type": "service_action", "service_action": {"id": action.id}, "lookup_key": "credit-grant-28"}
    )
    live = billing.pricing_plans.update(plan.id, {"live_version": "latest"})
    assert live.active
    assert live.live_version
    assert [one.type for one in components.list(plan.id).data] == ["rate_card", "license_fee", "service_action"]
    return live, {"rate": rate.id, "card": card.id, "fee": fee.id, "item": item.id}


def customer_on(client, collection):
    """Make collection settings, a clock, a customer on it who can pay, and a cadence by the month."""
    billing = client.v2.billing
    settings = billing.collection_settings.create(
        {"display_name": "Enterprise customers", "collection_method": collection}
    )
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": BEGIN, "name": "guide"})
    customer = client.v1.customers.create({"email": "test@example.com", "test_clock": clock.id})
    client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    card = client.v1.payment_methods.list({"customer": customer.id}).data[0]
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    profile = billing.profiles.create({"customer": customer.id, "default_payment_method": card.id})
    cadence = billing.cadences.create(
        {
            "payer": {"billing_profile": profile.id},
            "billing_cycle": {"type": "month", "interval_count": 1},
            "settings": {"collection": {"id": settings.id}},
        }
    )
    assert cadence.next_billing_date.startswith("2030-02-01T00:00:00")
    return clock, customer, card, cadence


def subscribed(client, cadence, plan, customer, card, collection):
    """Draft, reserve and commit an intent; where the card is to be charged, with a payment of what it says."""
    intents = client.v2.billing.intents
    details = {
        "pricing_plan": plan.id,
        "pricing_plan_version": plan.live_version,
        "component_configurations": [{"lookup_key": "monthly-fee-component", "quantity": SEATS}],
        "metadata": {"my_user_id": "user-1"},
    }
    intent = intents.create(
        {
            "currency": "usd",
            "cadence": cadence.id,
            "actions": [
                {
                    "type": "subscribe",
                    "subscribe": {
                        "type": "pricing_plan_subscription_details",
                        "pricing_plan_subscription_details": details,
                    },
                }
            ],
        }
    )
    assert intent.status == "draft"
    reserved = intents.reserve(intent.id)
    assert (reserved.status, int(reserved.amount_details.total)) == ("reserved", 50000 * SEATS)
    if collection == "automatic":
        payment = client.v1.payment_intents.create(
            {
                "amount": int(reserved.amount_details.total),
                "currency": "usd",
                "customer": customer.id,
                "payment_method": card.id,
                "confirm": True,
                "off_session": True,
            }
        )
        assert payment.status == "succeeded"
        committed = intents.commit(intent.id, {"payment_intent": payment.id})
    else:
        committed = intents.commit(intent.id)
    assert committed.status == "committed"
    (action,) = intents.actions.list(intent.id).data
    return action.subscribe.pricing_plan_subscription_details.pricing_plan_subscription


def shown(invoice):
    """Return what the end of a month has made: the lines, what credit has paid of them, and what is left."""
    lines = [
        [
            line.pricing.type,
            line.amount,
            sum(one.amount for one in line.pretax_credit_amounts or ()),
        ]
        for line in invoice.lines.data
    ]
    return {"status": invoice.status, "total": invoice.total, "lines": sorted(lines)}


def main():
    """Walk the guide from the meter to the invoice of the second month."""
    task = json.loads(sys.stdin.readline())
    base = task["base"]
    client = stripe.StripeClient(task["key"], base_addresses={"api": base, "meter_events": base})
    listener = Listener()
    destination = client.v2.core.event_destinations.create(
        {
            "name": "Guide",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": list(TYPES),
            "webhook_endpoint": {"url": listener.url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    secret = destination.webhook_endpoint.signing_secret
    plan, _ids = catalogue(client)
    clock, customer, card, cadence = customer_on(client, task["collection"])
    subscription = subscribed(client, cadence, plan, customer, card, task["collection"])
    (first,) = client.v1.invoices.list({"customer": customer.id}).data
    if task["collection"] == "send_invoice":
        first = client.v1.invoices.pay(first.id, {"paid_out_of_band": True})
    client.v2.billing.meter_events.create(
        {
            "event_name": "alpaca_ai_tokens",
            "payload": {"stripe_customer_id": customer.id, "value": "300"},
            "identifier": "guide-1",
        }
    )
    preview = client.v1.invoices.create_preview({"billing_cadence": cadence.id})
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": NEXT_MONTH})
    assert client.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    second = next(one for one in client.v1.invoices.list({"customer": customer.id}).data if one.id != first.id)
    found = {"first": shown(first), "preview": shown(preview), "second": shown(second)}
    listener.wait_for((TYPES[0], TYPES[3], TYPES[8], TYPES[9], TYPES[10]), client, secret)
    activated = listener.types(client, secret)[TYPES[0]]
    related = activated.fetch_related_object()
    event = activated.fetch_event()
    found |= {
        "classes": sorted({type(one).__name__ for one in listener.types(client, secret).values()}),
        "related": [related.id == subscription, related.servicing_status, related.collection_status],
        "metadata": related.metadata["my_user_id"],
        "event": [event.id == activated.id, event.type],
        "thin": "data" not in json.loads(listener.arrived[0][0]),
    }
    sys.stdout.write(json.dumps(found) + "\n")


main()
