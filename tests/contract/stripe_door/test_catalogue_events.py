"""What is told of the catalogue and of those who buy from it: every address that an event names leads to its object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing_sdk.server.api.stripe import snapshots
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.usecases.add_card import add_card
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.hybrid import Hybrid, hybrid_plan, monthly, subscribed
from tests.contract.stripe_door.test_subscription_events import QUIET
from tests.engines import card

BILLING = "v2.billing."


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with new_door() as door:
        door.v2.post("/core/event_destinations", QUIET)
        yield door


@pytest.fixture(scope="module")
def plan(door: Door) -> Hybrid:
    return hybrid_plan(door.engine)


@pytest.fixture(scope="module")
def told(door: Door, plan: Hybrid) -> list[Any]:
    """All thin events of a plan's making and of its first customer, the oldest first."""
    customer = door.v1.post("/customers", {"email": "ada@example.com"})["id"]
    customer_id = "customer_" + customer.rpartition("_")[2]
    add_card(door.engine, customer_id=customer_id, card=card())
    with door.engine.read() as tx:
        method = tx.customers.find_payment_method(customer_id)
    assert method is not None
    subscribed(door.engine, monthly(door.engine, customer_id), plan, method_id=method.id)
    return door.v2.pages("/core/events?limit=100")[::-1]


def test_everything_that_a_plan_is_made_of_is_told(told: list[Any]) -> None:
    types = [one["type"].removeprefix(BILLING) for one in told]
    assert {
        "metered_item.created",
        "licensed_item.created",
        "rate_card.created",
        "rate_card_version.created",
        "rate_card_rate.created",
        "license_fee.created",
        "license_fee_version.created",
        "pricing_plan.created",
        "pricing_plan.updated",
        "pricing_plan_version.created",
        "pricing_plan_component.created",
        "cadence.created",
        "cadence.billed",
        "pricing_plan_subscription.servicing_activated",
        "rate_card_subscription.activated",
    } <= set(types)
    assert types.index("rate_card.created") < types.index("rate_card_rate.created")
    assert types.index("cadence.created") < types.index("cadence.billed")


def test_every_address_that_an_event_names_leads_to_the_object(door: Door, told: list[Any]) -> None:
    for one in told:
        related = one["related_object"]
        api = door.v1 if related["url"].startswith("/v1/") else door.v2
        found = api.get(related["url"])
        assert (found["id"], found["object"]) == (related["id"], related["type"]), one["type"]


def test_what_is_told_beside_names_other_objects_by_their_ids(door: Door, told: list[Any], plan: Hybrid) -> None:
    data = {one["type"].removeprefix(BILLING): one.get("data") for one in told}
    digits = plan.card_id.rpartition("_")[2]
    rate = data["rate_card_rate.created"]
    assert rate["rate_card"] == f"rcd_test_{digits}"
    assert rate["billable_item"] == "bli_test_" + plan.item_id.rpartition("_")[2]
    assert door.v2.get(f"/billing/rate_cards/{rate['rate_card']}/versions/{rate['rate_card_version']}")["id"]
    assert rate["created"] == "2026-01-31T12:00:00.000Z"
    assert data["rate_card_version.created"] == {"rate_card_id": f"rcd_test_{digits}"}
    assert data["license_fee_version.created"] == {"license_fee_id": "licf_test_" + plan.fee_id.rpartition("_")[2]}
    assert data["pricing_plan_version.created"] == {"pricing_plan_id": plan.key}
    assert door.v1.get(f"/invoices/{data['cadence.billed']['invoices'][0]}")["status"] == "paid"
    assert data["pricing_plan.created"] is None


@pytest.mark.parametrize("kind", ["customer", "invoice", "payment_intent", "payment_method"])
def test_every_snapshot_is_the_object_that_a_client_fetches(door: Door, told: list[Any], kind: str) -> None:
    assert told
    found = [one for one in door.v1.pages("/events?limit=100") if one["type"].startswith(f"{kind}.")]
    assert found
    shown = found[0]["data"]["object"]
    assert shown == door.v1.get(f"/{kind}s/{shown['id']}")


def test_what_is_done_at_this_door_is_told_also_where_nobody_listens_yet() -> None:
    with new_door() as own:
        made = own.v2.post("/billing/licensed_items", {"display_name": "Seat"})
        (one,) = own.v2.pages("/core/events")
        assert one["related_object"]["id"] == made["id"]


def test_a_thing_that_can_not_be_shown_is_named_and_nothing_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> View:
        raise RuntimeError("no view")

    with new_door() as own:
        own.v1.post("/webhook_endpoints", {"url": "https://shop.example.com/", "enabled_events": ["*"]})
        monkeypatch.setattr(snapshots, "SHOWERS", {**snapshots.SHOWERS, "customer": refuse})
        made = own.v1.post("/customers", {"name": "Ada"})["id"]
        assert own.v1.get(f"/customers/{made}")["name"] == "Ada"
        (one,) = own.v1.pages("/events?type=customer.created")
        assert one["data"]["object"] == {"id": made, "object": "customer"}


def test_clocks_meters_and_credit_are_told_of_as_they_change(door: Door) -> None:
    clock = door.v1.post("/test_helpers/test_clocks", {"frozen_time": 1577836800})["id"]
    door.v1.post(f"/test_helpers/test_clocks/{clock}/advance", {"frozen_time": 1580428800})
    meter = door.v1.post(
        "/billing/meters",
        {"display_name": "Calls", "event_name": "told_calls", "default_aggregation": {"formula": "sum"}},
    )["id"]
    door.v1.post(f"/billing/meters/{meter}", {"display_name": "API calls"})
    door.v1.post(f"/billing/meters/{meter}/deactivate")
    door.v1.post(f"/billing/meters/{meter}/reactivate")
    customer = door.v1.post("/customers", {"name": "Ada"})["id"]
    grant = door.v1.post(
        "/billing/credit_grants",
        {
            "customer": customer,
            "category": "paid",
            "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": 1000}},
            "applicability_config": {"scope": {"price_type": "metered"}},
        },
    )["id"]
    door.v1.post(f"/billing/credit_grants/{grant}", {"expires_at": 4_102_444_800})
    door.v1.post(f"/billing/credit_grants/{grant}/void")
    door.v1.delete(f"/test_helpers/test_clocks/{clock}")
    told = [(one["data"]["object"]["id"], one["type"]) for one in door.v1.pages("/events?limit=100")[::-1]]
    assert [type_.rpartition(".")[2] for id_, type_ in told if id_ == clock] == [
        "created",
        "advancing",
        "ready",
        "deleted",
    ]
    assert [type_.rpartition(".")[2] for id_, type_ in told if id_ == meter] == [
        "created",
        "updated",
        "deactivated",
        "reactivated",
    ]
    assert [type_.rpartition(".")[2] for id_, type_ in told if id_ == grant] == ["created", "updated", "updated"]
