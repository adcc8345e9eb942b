"""Drives one of Stripe's published clients, unmodified, over customers, payment methods, test clocks and errors.

It runs in an environment of its own, where nothing of ours is; only the client's base address is another. It reads a
line of JSON with `base`, `key` and `weak_key`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys

import stripe

START, LATER = 1577836800, 1580428800


def client_of(task, key):
    """Return a client of the server."""
    return stripe.StripeClient(key, base_addresses={"api": task["base"]}, max_network_retries=0)


def refusal(call):
    """Return the class, the status and the parameter of what a call raises, and whether it has the request's id."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.http_status, getattr(error, "param", None), bool(error.request_id)]
    return None


def money(v1):
    """Make customers and cards on a test clock, and move it."""
    clock = v1.test_helpers.test_clocks.create({"frozen_time": START, "name": "Guide"})
    made = [v1.customers.create({"name": f"n{n}", "test_clock": clock.id}) for n in range(5)]
    listed = v1.customers.list({"test_clock": clock.id, "limit": 2})
    first = made[0]
    updated = v1.customers.update(first.id, {"metadata": {"a": "1"}, "address": {"country": "FR", "city": "Paris"}})
    cleared = v1.customers.update(first.id, {"metadata": {"a": ""}})
    card = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    attached = v1.payment_methods.attach(card.id, {"customer": first.id})
    v1.payment_methods.attach("pm_card_amex", {"customer": first.id})
    default = v1.customers.update(first.id, {"invoice_settings": {"default_payment_method": card.id}})
    cards = [one.card.brand for one in v1.customers.payment_methods.list(first.id, {"limit": 1}).auto_paging_iter()]
    detached = v1.payment_methods.detach(card.id)
    moved = v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": LATER})
    deleted = v1.customers.delete(made[4].id)
    return {
        "listed": [one.id for one in listed.auto_paging_iter()] == [one.id for one in reversed(made)],
        "updated": [updated.metadata["a"], updated.address.city, cleared.metadata.to_dict()],
        "cards": [attached.customer == first.id, cards, detached.customer],
        "default": default.invoice_settings.default_payment_method == card.id,
        "clock": [first.created, moved.status, moved.frozen_time],
        "deleted": [deleted.deleted, v1.customers.retrieve(made[4].id).deleted],
        "gone": v1.test_helpers.test_clocks.delete(clock.id).deleted,
    }


def refusals(task, client, v1):
    """Return what errors become of refusals, by what is wrong."""
    weak, nobody = client_of(task, task["weak_key"]), client_of(task, "sk_test_nobody")
    weak_v1, nobody_v1 = getattr(weak, "v1", weak), getattr(nobody, "v1", nobody)
    v1.customers.create({"name": "a"}, {"idempotency_key": task["base"] + stripe.VERSION})
    adjustments = client.v2.billing.meter_event_adjustments
    wrong = {"event_name": "x", "type": "cancel", "cancel": {}}
    return {
        "missing": refusal(lambda: v1.customers.retrieve("cus_nobody")),
        "unknown": refusal(lambda: v1.customers.create({"wrong": "1"})),
        "declined": refusal(lambda: v1.customers.create({"payment_method": "pm_card_chargeDeclined"})),
        "nobody": refusal(nobody_v1.customers.list),
        "weak": refusal(lambda: weak_v1.customers.create({"name": "a"})),
        "again": refusal(
            lambda: v1.customers.create({"name": "b"}, {"idempotency_key": task["base"] + stripe.VERSION})
        ),
        "v2": refusal(lambda: adjustments.create(wrong)),
        "v2 nobody": refusal(nobody.v2.billing.meter_event_session.create),
        "v2 weak": refusal(weak.v2.billing.meter_event_session.create),
        "connected": refusal(lambda: v1.customers.list({}, {"stripe_account": "acct_1"})),
    }


def repeated(v1):
    """Return whether a call that is sent again makes nothing more."""
    options = {"idempotency_key": "twice" + stripe.VERSION}
    first, again = (v1.customers.create({"name": "Ada"}, options) for _ in range(2))
    headers = again.last_response.headers
    return [
        first.id == again.id,
        headers["idempotent-replayed"],
        headers["idempotency-key"] == "twice" + stripe.VERSION,
    ]


def pages_of_v2(client):
    """Return what a walk through the pages of a list of v2 finds; nothing with a client that has no such list."""
    items = getattr(client.v2.billing, "metered_items", None)
    if items is None:
        return None
    v1 = getattr(client, "v1", client)
    asked = {"display_name": "m", "event_name": "pages" + stripe.VERSION, "default_aggregation": {"formula": "sum"}}
    meter = v1.billing.meters.create(asked).id
    made = [items.create({"display_name": f"n{n}", "meter": meter}).id for n in range(5)]
    listed = [one.id for one in items.list({"limit": 2}).auto_paging_iter()]
    return [len(listed) == len(set(listed)), set(made) <= set(listed)]


def run(task):
    """Do all of it."""
    client = client_of(task, task["key"])
    v1 = getattr(client, "v1", client)
    return {**money(v1), **refusals(task, client, v1), "repeated": repeated(v1), "pages": pages_of_v2(client)}


sys.stdout.write(json.dumps(run(json.loads(sys.stdin.readline()))))
