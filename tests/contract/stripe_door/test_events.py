"""What has happened, looked up and delivered: thin events at v2, events with a snapshot at v1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import stripe

from billing_sdk.server.clock import TestClock
from billing_sdk.server.usecases.create_item import create_metered_item
from billing_sdk.server.usecases.deliver_due import deliver_due
from billing_sdk.server.usecases.signed_endpoints import roll_secret
from tests.contract.stripe_door.door import Door, new_door
from tests.receiver import Receiver, receiving

NEVER = "evt_" + "0" * 32


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def thin_secret(door: Door, receiver: Receiver) -> str:
    """The secret of a destination that hears of all thin events."""
    made = door.v2.post(
        "/core/event_destinations",
        {
            "name": "Thin",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["*"],
            "webhook_endpoint": {"url": f"{base(receiver)}/thin"},
            "include": ["webhook_endpoint.signing_secret"],
        },
    )
    return str(made["webhook_endpoint"]["signing_secret"])


@pytest.fixture(scope="module")
def snapshot_secret(door: Door, receiver: Receiver) -> str:
    """The secret of an endpoint that hears of all events with a snapshot."""
    made = door.v1.post("/webhook_endpoints", {"url": f"{base(receiver)}/v1", "enabled_events": ["*"]})
    return str(made["secret"])


def base(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/hook")


def deliver(door: Door, receiver: Receiver, path: str) -> list[Any]:
    """Deliver what is due, and return the bodies that have arrived at a path, each checked against its signature."""
    receiver.received.clear()
    deliver_due(door.engine)
    return [one for one in receiver.received if one.path == path]


def moved(door: Door, **by: int) -> None:
    """Move the clock of the server."""
    clock = door.engine.clock
    assert isinstance(clock, TestClock)
    clock.advance(**by)


def checked(one: Any, secret: str) -> Any:
    """Return the body of a request whose signature Stripe's own package has found good."""
    signature = one.headers["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(one.body, signature, secret, tolerance=None)
    return json.loads(one.body)


def item(door: Door, name: str) -> str:
    """Make a metered item, which is told of; return its id as clients know it."""
    made = create_metered_item(door.engine, name=name, feature_key="ai_tokens")
    return "bli_test_" + made.id.rpartition("_")[2]


def test_a_thin_event_says_which_object_it_is_about_and_nothing_more(
    door: Door, receiver: Receiver, thin_secret: str
) -> None:
    shown_id = item(door, "Tokens")
    (one,) = deliver(door, receiver, "/thin")
    body = checked(one, thin_secret)
    assert one.headers["content-type"].startswith("application/json")
    assert body == {
        "id": body["id"],
        "object": "v2.core.event",
        "type": "v2.billing.metered_item.created",
        "created": "2026-01-31T12:00:00.000Z",
        "livemode": False,
        "related_object": {
            "id": shown_id,
            "type": "v2.billing.metered_item",
            "url": f"/v2/billing/metered_items/{shown_id}",
        },
    }
    looked_up = door.v2.get(f"/core/events/{body['id']}")
    assert {name: looked_up[name] for name in body} == body
    assert {"changes", "context", "reason"} <= set(looked_up)


def test_a_delivery_that_failed_is_made_again_with_the_same_body_under_a_new_signature(
    door: Door, receiver: Receiver, thin_secret: str
) -> None:
    item(door, "Again")
    receiver.status = 400
    (first,) = deliver(door, receiver, "/thin")
    receiver.status = 200
    moved(door, minutes=1)
    (second,) = deliver(door, receiver, "/thin")
    assert first.body == second.body
    assert checked(first, thin_secret) == checked(second, thin_secret)
    assert first.headers["stripe-signature"] != second.headers["stripe-signature"]


def test_whoever_asks_with_a_key_is_named_as_the_reason(door: Door, receiver: Receiver, snapshot_secret: str) -> None:
    made = door.v1.post("/customers", {"email": "ada@example.com"}, Idempotency_Key="first-customer")
    found = [checked(one, snapshot_secret) for one in deliver(door, receiver, "/v1")]
    (created,) = [one for one in found if one["type"] == "customer.created"]
    assert created["object"] == "event"
    assert created["request"]["idempotency_key"] == "first-customer"
    assert created["data"]["object"]["id"] == made["id"]
    assert created["data"]["object"]["object"] == "customer"


def test_a_snapshot_shows_the_object_as_it_was_and_not_as_it_has_become(
    door: Door, receiver: Receiver, snapshot_secret: str
) -> None:
    made = door.v1.post("/customers", {"name": "Before"})
    door.v1.post(f"/customers/{made['id']}", {"name": "After"})
    found = [checked(one, snapshot_secret) for one in deliver(door, receiver, "/v1")]
    names = {one["type"]: one["data"]["object"]["name"] for one in found if one["data"]["object"]["id"] == made["id"]}
    assert names == {"customer.created": "Before", "customer.updated": "After"}
    listed = door.v1.get("/events?type=customer.created&limit=1")["data"][0]
    assert listed["data"]["object"]["name"] == "Before"
    assert door.v1.get(f"/events/{listed['id']}") == {**listed, "pending_webhooks": 0}


def test_events_of_a_customer_arrive_in_their_order(door: Door, receiver: Receiver, snapshot_secret: str) -> None:
    made = door.v1.post("/customers", {"name": "0"})
    for name in "123":
        door.v1.post(f"/customers/{made['id']}", {"name": name})
    found = [checked(one, snapshot_secret) for one in deliver(door, receiver, "/v1")]
    about = [one["data"]["object"]["name"] for one in found if one["data"]["object"]["id"] == made["id"]]
    assert about == ["0", "1", "2", "3"]


def test_while_a_secret_is_rolled_bodies_are_signed_with_both(door: Door, receiver: Receiver, thin_secret: str) -> None:
    with door.engine.read() as tx:
        (endpoint,) = [one for one in tx.endpoints.list("thin") if one.url.startswith(base(receiver))]
    new = roll_secret(door.engine, endpoint_id=endpoint.id, overlap=timedelta(hours=1)).reveal()
    item(door, "Both")
    (one,) = deliver(door, receiver, "/thin")
    assert checked(one, thin_secret) == checked(one, new)
    moved(door, hours=2)
    item(door, "New only")
    (one,) = deliver(door, receiver, "/thin")
    assert checked(one, new)["object"] == "v2.core.event"
    with pytest.raises(stripe.SignatureVerificationError):
        checked(one, thin_secret)


def test_a_ping_reaches_the_destination_that_it_is_meant_for(door: Door, receiver: Receiver, thin_secret: str) -> None:
    (destination,) = [one for one in door.v2.pages("/core/event_destinations") if one["name"] == "Thin"]
    deliver_due(door.engine)
    told = door.v2.post(f"/core/event_destinations/{destination['id']}/ping", {})
    (one,) = deliver(door, receiver, "/thin")
    body = json.loads(one.body)
    assert (told["type"], told["id"]) == ("v2.core.event_destination.ping", body["id"])
    assert body["related_object"]["url"] == f"/v2/core/event_destinations/{destination['id']}"


def test_thin_events_are_found_by_type_object_and_time_page_by_page() -> None:
    with new_door() as door:
        door.v2.post("/core/event_destinations", quiet())
        ids = [item(door, str(number)) for number in range(3)]
        made = door.v2.pages("/core/events?limit=1&types[0]=v2.billing.metered_item.created")
        assert [one["related_object"]["id"] for one in made] == ids[::-1]
        first = door.v2.get("/core/events?limit=2")
        second = door.v2.get(first["next_page_url"])
        assert door.v2.get(second["previous_page_url"])["data"] == first["data"]
        assert [one["related_object"]["id"] for one in door.v2.pages(f"/core/events?object_id={ids[1]}")] == [ids[1]]
        assert door.v2.pages("/core/events?object_id=nobody") == []
        assert len(door.v2.pages("/core/events?created[gte]=2026-01-31T12:00:00Z")) == 3
        assert door.v2.pages("/core/events?created[gt]=2026-01-31T12:00:00Z") == []
        assert door.v2.pages("/core/events?types[0]=v2.billing.cadence.created") == []
        moved(door, days=31)
        assert door.v2.pages("/core/events") == []
        assert door.v2.refused("GET", f"/core/events/{made[0]['id']}") == (404, "event_not_found", None)


def quiet() -> dict[str, Any]:
    """A destination that is never called."""
    return {
        "name": "Quiet",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["v2.billing.cadence.canceled"],
        "webhook_endpoint": {"url": "https://shop.example.com/"},
    }


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "parameter_invalid", "limit"),
        ("limit=101", "parameter_invalid", "limit"),
        ("page=x", "parameter_invalid", "page"),
        ("created[gt]=yesterday", "parameter_invalid", "created.gt"),
        ("include[0]=everything", "parameter_invalid", "include[0]"),
        ("more=1", "parameter_unknown", "more"),
        ("&".join(f"types[{place}]=a" for place in range(21)), "parameter_invalid", "types"),
    ],
)
def test_a_list_of_thin_events_that_can_not_be_is_refused(door: Door, query: str, code: str, param: str) -> None:
    assert door.v2.refused("GET", f"/core/events?{query}") == (400, code, param)


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("type=a&types[0]=b", "parameter_invalid", "types"),
        ("created[gt]=x", "parameter_invalid_integer", "created[gt]"),
        (f"starting_after={NEVER}", "resource_missing", "starting_after"),
        ("delivery_success=perhaps", "parameter_invalid", "delivery_success"),
    ],
)
def test_a_list_of_snapshots_that_can_not_be_is_refused(door: Door, query: str, code: str, param: str) -> None:
    assert door.v1.refused("GET", f"/events?{query}") == (400, code, param)


def test_an_event_of_one_api_is_none_of_the_other(door: Door) -> None:
    made = door.v1.get("/events?limit=1")["data"][0]
    assert door.v2.refused("GET", f"/core/events/{made['id']}") == (404, "event_not_found", None)
    assert door.v1.refused("GET", f"/events/{NEVER}") == (404, "resource_missing", "id")
