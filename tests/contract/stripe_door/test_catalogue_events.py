"""What is told of the catalogue: each event points to an object that can be fetched, and is of that object."""

from __future__ import annotations

from collections import Counter

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import Shelf

PREFIX = "v2.billing."


def test_each_event_of_the_catalogue_points_to_what_it_is_about(door: Door) -> None:
    destination = {
        "name": "Catalogue",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["*"],
        "webhook_endpoint": {"url": "http://127.0.0.1:9/hook"},
    }
    door.v2.post("/core/event_destinations", destination)
    shelf = Shelf(door)
    item = shelf.metered()["id"]
    door.v2.post(f"/billing/metered_items/{item}", {"display_name": "Tokens"})
    card, fee, plan = shelf.card()["id"], shelf.fee()["id"], shelf.plan()["id"]
    rate = shelf.rate(card, metered_item=item)["id"]
    door.v2.delete(f"/billing/rate_cards/{card}/rates/{rate}")
    door.v2.post(f"/billing/license_fees/{fee}", {"unit_amount": "7"})
    shelf.attach(plan, "rate_card", card)
    component = shelf.attach(plan, "license_fee", fee)["id"]
    door.v2.post(f"/billing/pricing_plans/{plan}/components/{component}", {"lookup_key": "seats"})
    for change in ({"live_version": "latest"}, {"active": False}, {"active": True}):
        door.v2.post(f"/billing/pricing_plans/{plan}", change)

    events = [event for event in door.v2.pages("/core/events?limit=100") if event["type"].startswith(PREFIX)]

    for event in events:
        about = event["related_object"]
        found = door.v2.get(about["url"])
        assert (found["id"], found["object"]) == (about["id"], about["type"]), event
    assert Counter(event["type"].removeprefix(PREFIX) for event in events) == {
        "metered_item.created": 1,
        "metered_item.updated": 1,
        "licensed_item.created": 1,
        "rate_card.created": 1,
        "rate_card_version.created": 2,
        "rate_card_rate.created": 1,
        "license_fee.created": 1,
        "license_fee.updated": 1,
        "license_fee_version.created": 2,
        "pricing_plan.created": 1,
        "pricing_plan_version.created": 3,
        "pricing_plan_component.created": 2,
        "pricing_plan_component.updated": 1,
        "pricing_plan.updated": 3,
    }
