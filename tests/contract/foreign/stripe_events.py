"""Drives one of Stripe's published clients, unmodified, over events: it listens, and reads what arrives.

It runs in an environment of its own, where nothing of ours is; only the client's base addresses are others. It reads a
line of JSON with `base` and `key`, receives events on a socket of its own, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import stripe

ARRIVED = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Keeps what arrives."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ARRIVED.put((body.decode(), self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        """Stay silent."""


def licensed_item(client):
    """Make something that is told of; the stable client has no method for it."""
    if hasattr(client.v2.billing, "licensed_items"):
        return client.v2.billing.licensed_items.create({"display_name": "Seat"}).id
    answer = client.raw_request("post", "/v2/billing/licensed_items", display_name="Seat")
    return json.loads(answer.body if hasattr(answer, "body") else answer.data)["id"]


def what_becomes_of(call):
    """Return the class of what a call returns or raises."""
    try:
        return type(call()).__name__
    except Exception as error:  # noqa: BLE001 - whatever it raises is what was asked for
        return type(error).__name__


def thin(client, url):
    """Hear of a thin event, read it, and fetch what it is about."""
    made = client.v2.core.event_destinations.create(
        {
            "name": "Foreign",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v2.billing.licensed_item.created"],
            "webhook_endpoint": {"url": url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    secret = made.webhook_endpoint.signing_secret
    item = licensed_item(client)
    body, signature = ARRIVED.get(timeout=60)
    note = client.parse_event_notification(body, signature, secret)
    event = client.v2.core.events.retrieve(note.id)
    related = note.fetch_related_object()
    listed = client.v2.core.events.list({"object_id": item, "types": ["v2.billing.licensed_item.created"]})
    found = {
        "note": [type(note).__name__, note.type, note.related_object.id == item, note.livemode],
        "event": [type(event).__name__, event.id == note.id, type(note.fetch_event()).__name__],
        "related": [related.id == item, related.object],
        "listed": [one.id for one in listed.auto_paging_iter()] == [note.id],
        "construct": what_becomes_of(lambda: client.construct_event(body, signature, secret)),
        "forged": what_becomes_of(lambda: client.parse_event_notification(body + " ", signature, secret)),
    }
    pinged = client.v2.core.event_destinations.ping(made.id)
    ping = client.parse_event_notification(*ARRIVED.get(timeout=60), secret)
    found["ping"] = [ping.id == pinged.id, type(ping).__name__]
    off = client.v2.core.event_destinations.disable(made.id)
    on = client.v2.core.event_destinations.enable(made.id)
    renamed = client.v2.core.event_destinations.update(made.id, {"name": "Ours"})
    names = [one.name for one in client.v2.core.event_destinations.list().auto_paging_iter()]
    gone = client.v2.core.event_destinations.delete(made.id)
    found["destination"] = [off.status, on.status, renamed.name, "Ours" in names, gone.id == made.id]
    return found


def snapshot(client, url):
    """Hear of an event with a snapshot, and read it."""
    v1 = getattr(client, "v1", client)
    made = v1.webhook_endpoints.create({"url": url, "enabled_events": ["customer.created"]})
    customer = v1.customers.create({"name": "Ada"})
    body, signature = ARRIVED.get(timeout=60)
    event = client.construct_event(body, signature, made.secret)
    again = v1.events.retrieve(event.id)
    listed = v1.events.list({"type": "customer.created", "limit": 1}).data[0]
    gone = v1.webhook_endpoints.delete(made.id)
    return {
        "event": [type(event).__name__, event.type, event.data.object.id == customer.id, event.data.object.name],
        "again": [again.data.object.id == customer.id, listed.id == event.id],
        "thin": what_becomes_of(lambda: client.parse_event_notification(body, signature, made.secret)),
        "gone": gone.deleted,
    }


def run(task):
    """Listen, and do all of it."""
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    client = stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)
    return {"thin": thin(client, url), "snapshot": snapshot(client, url)}


sys.stdout.write(json.dumps(run(json.loads(sys.stdin.readline()))))
