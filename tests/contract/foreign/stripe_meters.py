"""Drives one of Stripe's published clients, unmodified, over everything that is about meters.

It runs in an environment of its own, where nothing of ours is; only the client's base addresses are others. It reads a
line of JSON with `base` and `key`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys
import time

import stripe

WINDOW = "hour"


def client_of(task, key):
    """Return a client of the server, whose event stream is at the same address."""
    addresses = dict.fromkeys(("api", "meter_events"), task["base"])
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=0)


def refusal(call):
    """Return the class, the code and the status of what a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.code, error.http_status]
    return None


def run(task):
    """Make a meter, send events in every way, take one back, and read what was used."""
    client = client_of(task, task["key"])
    v1 = getattr(client, "v1", client)
    meters, events = v1.billing.meters, v1.billing.meter_events
    name = task["event_name"]
    customer = v1.customers.create({"name": "Ada"}).id
    asked = {
        "display_name": "Tokens",
        "event_name": name,
        "default_aggregation": {"formula": "sum"},
        "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        "value_settings": {"event_payload_key": "tokens"},
    }
    meter = meters.create(asked)
    renamed = meters.update(meter.id, {"display_name": "Alpaca AI tokens"})
    listed = [one.id for one in meters.list({"status": "active", "limit": 1}).auto_paging_iter()]

    def event(tokens, **more):
        payload = {"stripe_customer_id": customer, "tokens": tokens}
        return {"event_name": name, "payload": payload, **more}

    now = int(time.time())
    first = events.create(event("20", identifier="v1-1", timestamp=now - 3600))
    second = client.v2.billing.meter_events.create(event("5", identifier="v2-1"))
    client.v2.billing.meter_events.create(event("100", identifier="wrong"))
    cancel = {"event_name": name, "type": "cancel", "cancel": {"identifier": "wrong"}}
    adjusted = client.v2.billing.meter_event_adjustments.create(cancel)
    again = v1.billing.meter_event_adjustments.create(cancel)
    session = client.v2.billing.meter_event_session.create()
    stream = client_of(task, session.authentication_token)
    stream.v2.billing.meter_event_stream.create({"events": [event(str(tokens)) for tokens in range(100)]})
    bad = {"events": [event("many"), event("1")]}
    stream.v2.billing.meter_event_stream.create(bad)
    asked = {
        "customer": customer,
        "start_time": (now // 3600 - 24) * 3600,
        "end_time": (now // 3600 + 2) * 3600,
    }
    whole = meters.event_summaries.list(meter.id, asked)
    hours = meters.event_summaries.list(meter.id, {**asked, "value_grouping_window": WINDOW})
    values = [one.aggregated_value for one in hours.auto_paging_iter()]
    found = {
        "meter": [meter.object, meter.status, renamed.display_name, meter.id in listed, len(listed) > 1],
        "v1": [first.identifier, first.payload["tokens"], first.timestamp == now - 3600],
        "v2": [second.identifier, second.payload["tokens"], second.event_name, second.created.endswith("Z")],
        "adjusted": [adjusted.status, adjusted.cancel.identifier, again.status],
        "repeated": [
            refusal(lambda: events.create(event("20", identifier="v1-1"))),
            refusal(lambda: client.v2.billing.meter_events.create(event("20", identifier="v1-1"))),
        ],
        "refused": [
            refusal(lambda: client.v2.billing.meter_events.create(event("many"))),
            refusal(lambda: client_of(task, task["key"]).v2.billing.meter_event_stream.create({"events": []})),
            refusal(lambda: meters.retrieve("mtr_test_nothing")),
        ],
        "whole": [one.aggregated_value for one in whole.data],
        "hours": [len(values), sum(values), len(hours.data)],
    }
    gone = meters.deactivate(meter.id)
    found["gone"] = [
        gone.status,
        refusal(lambda: events.create(event("1"))),
        meters.reactivate(meter.id).status,
    ]
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
