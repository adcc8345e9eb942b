"""Custom pricing units of v2, and what a rate card charges for those that no grant covers."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.create_item import create_one_time_item
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from billing_sdk.server.usecases.update_rate_card import update_rate_card
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import Shelf, action_body

UNITS = "/billing/custom_pricing_units"
NO_UNIT = "cpu_test_" + "0" * 32
NO_CARD = "rcd_test_" + "0" * 32


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


@pytest.fixture(scope="module")
def unit(door: Door) -> str:
    return door.v2.post(UNITS, {"display_name": "Sparks", "lookup_key": "sparks", "metadata": {"a": "b"}})["id"]


@pytest.fixture(scope="module")
def extra(door: Door) -> str:
    return create_one_time_item(door.engine, name="Extra Sparks").id.replace("item_", "bli_test_")


@pytest.fixture(scope="module")
def rates(door: Door) -> str:
    card = create_rate_card(door.engine, name="Assistant", currency="USD", service=Cadence("month"))
    return f"/billing/rate_cards/{card.id.replace('card_', 'rcd_test_')}/custom_pricing_unit_overage_rates"


def test_a_unit_is_made_read_changed_and_put_out_of_use(door: Door, unit: str) -> None:
    assert door.v2.get(f"{UNITS}/{unit}") == {
        "id": unit,
        "object": "v2.billing.custom_pricing_unit",
        "active": True,
        "created": "2026-01-31T12:00:00.000Z",
        "display_name": "Sparks",
        "livemode": False,
        "lookup_key": "sparks",
        "metadata": {"a": "b"},
    }
    other = door.v2.post(UNITS, {"display_name": "Coins"})
    change = {"display_name": "Gold", "active": False, "lookup_key": "gold", "metadata": {"c": "d"}}
    changed = door.v2.post(f"{UNITS}/{other['id']}", change)
    assert {name: changed[name] for name in change} == change
    cleared = door.v2.post(f"{UNITS}/{other['id']}", {"lookup_key": None, "metadata": {"c": None}})
    assert (cleared["lookup_key"], cleared["metadata"], cleared["active"]) == (None, {}, False)


def test_units_are_listed_by_lookup_key_and_by_whether_they_are_in_use_page_by_page(door: Door, unit: str) -> None:
    assert [one["id"] for one in door.v2.get(f"{UNITS}?lookup_keys[0]=sparks")["data"]] == [unit]
    assert all(not one["active"] for one in door.v2.get(f"{UNITS}?active=false")["data"])
    made = [door.v2.post(UNITS, {"display_name": f"U{number}"})["id"] for number in range(3)]
    assert [one["id"] for one in door.v2.pages(f"{UNITS}?active=true&limit=1")] == [unit, *made]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "parameter_missing", "display_name")),
        ({"display_name": ""}, (400, "parameter_invalid_empty", "display_name")),
        ({"display_name": "Eleven more"}, (400, "parameter_invalid", "display_name")),
        ({"display_name": "U", "lookup_key": "sparks"}, (400, "lookup_key_already_used", "lookup_key")),
        ({"display_name": "U", "lookup_key": "k" * 201}, (400, "parameter_invalid", "lookup_key")),
        ({"display_name": "U", "color": "red"}, (400, "parameter_unknown", "color")),
    ],
)
def test_a_unit_that_can_not_be_is_refused(
    door: Door, unit: str, body: dict[str, Any], refusal: tuple[int, str, str | None]
) -> None:
    del unit
    assert door.v2.refused("POST", UNITS, body) == refusal


def test_a_unit_that_is_not_there_is_not_found(door: Door) -> None:
    assert door.v2.refused("GET", f"{UNITS}/{NO_UNIT}")[:2] == (404, "custom_pricing_unit_not_found")
    assert door.v2.refused("POST", f"{UNITS}/{NO_UNIT}", {})[:2] == (404, "custom_pricing_unit_not_found")


def test_an_overage_rate_is_made_replaced_listed_by_version_and_deleted(
    door: Door, unit: str, extra: str, rates: str
) -> None:
    body = {"custom_pricing_unit": unit, "one_time_item": extra, "unit_amount": "10.5", "metadata": {"a": "b"}}
    first = door.v2.post(rates, body)
    assert first["id"].startswith("cpuor_test_")
    assert (first["object"], first["custom_pricing_unit"], first["unit_amount"], first["metadata"]) == (
        "v2.billing.rate_card_custom_pricing_unit_overage_rate",
        unit,
        "10.5",
        {"a": "b"},
    )
    assert (first["one_time_item"]["id"], first["one_time_item"]["display_name"]) == (extra, "Extra Sparks")
    assert door.v2.get(f"{rates}/{first['id']}") == first
    second = door.v2.post(rates, {**body, "unit_amount": "20"})
    assert second["rate_card_version"] != first["rate_card_version"]
    assert [one["id"] for one in door.v2.get(rates)["data"]] == [second["id"]]
    earlier = door.v2.get(f"{rates}?rate_card_version={first['rate_card_version']}")["data"]
    assert [one["id"] for one in earlier] == [first["id"]]
    gone = door.v2.delete(f"{rates}/{second['id']}")
    assert gone == {"id": second["id"], "object": "v2.billing.rate_card_custom_pricing_unit_overage_rate"}
    assert door.v2.get(rates)["data"] == []
    assert door.v2.refused("DELETE", f"{rates}/{second['id']}")[:2] == (400, "rate_card_rate_delete_inactive")


REFUSED = [
    ({"custom_pricing_unit": NO_UNIT}, (404, "custom_pricing_unit_not_found", "custom_pricing_unit")),
    ({"custom_pricing_unit": "unit"}, (404, "custom_pricing_unit_not_found", "custom_pricing_unit")),
    ({"one_time_item": "bli_test_" + "0" * 32}, (404, "billable_item_not_found", "one_time_item")),
    ({"unit_amount": "-1"}, (400, "parameter_invalid", "unit_amount")),
    ({"unit_amount": "much"}, (400, "parameter_invalid", "unit_amount")),
    ({"unit_amount": "0.0000000000001"}, (400, "invalid_amount", None)),
    ({"color": "red"}, (400, "parameter_unknown", "color")),
]


@pytest.mark.parametrize(("change", "refusal"), REFUSED)
def test_an_overage_rate_that_can_not_be_is_refused(
    door: Door, unit: str, extra: str, rates: str, change: dict[str, Any], refusal: tuple[int, str, str | None]
) -> None:
    body = {"custom_pricing_unit": unit, "one_time_item": extra, "unit_amount": "1", **change}
    assert door.v2.refused("POST", rates, body) == refusal


def test_a_rate_is_priced_in_a_unit_and_a_service_action_grants_units(door: Door, shelf: Shelf, unit: str) -> None:
    card = shelf.card()["id"]
    made = shelf.rate(card, unit_amount=None, custom_pricing_unit_amount={"id": unit, "value": "0.25"})
    assert (made["unit_amount"], made["tiers"]) == (None, [])
    amount = made["custom_pricing_unit_amount"]
    assert (amount["id"], amount["value"]) == (unit, "0.25")
    assert amount["custom_pricing_unit_details"]["display_name"] == "Sparks"
    assert door.v2.get(f"/billing/rate_cards/{card}/rates")["data"] == [made]
    units = {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": unit, "value": "100.5"}}
    action = shelf.action(grant={"amount": units})
    granted = action["credit_grant"]["amount"]
    assert (granted["type"], granted["monetary"]) == ("custom_pricing_unit", None)
    assert (granted["custom_pricing_unit"]["id"], granted["custom_pricing_unit"]["value"]) == (unit, "100.5")
    assert door.v2.get(f"/billing/service_actions/{action['id']}") == action


RATE_AMOUNT = "custom_pricing_unit_amount"
ACTION_AMOUNT = "credit_grant.amount"


@pytest.mark.parametrize(
    ("price", "refusal"),
    [
        ({"id": NO_UNIT, "value": "1"}, (404, "custom_pricing_unit_not_found", f"{RATE_AMOUNT}.id")),
        ({"id": "@", "value": "-1"}, (400, "parameter_invalid", f"{RATE_AMOUNT}.value")),
        ({"id": "@"}, (400, "parameter_missing", f"{RATE_AMOUNT}.value")),
        ({"id": "@", "value": "1", "unit_amount": "5"}, (400, "parameter_unknown", f"{RATE_AMOUNT}.unit_amount")),
    ],
)
def test_a_price_in_a_unit_that_can_not_be_is_refused(
    door: Door, shelf: Shelf, unit: str, price: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    path = f"/billing/rate_cards/{shelf.card()['id']}/rates"
    sent = {**price, "id": unit if price["id"] == "@" else price["id"]}
    body = {"metered_item": shelf.metered()["id"], "custom_pricing_unit_amount": sent}
    assert door.v2.refused("POST", path, body) == refusal
    both = {**body, "custom_pricing_unit_amount": {"id": unit, "value": "1"}, "unit_amount": "5"}
    assert door.v2.refused("POST", path, both) == (400, "parameter_invalid", RATE_AMOUNT)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ({"type": "custom_pricing_unit"}, (400, "parameter_missing", f"{ACTION_AMOUNT}.custom_pricing_unit")),
        (
            {"type": "monetary", "custom_pricing_unit": {"id": "@", "value": "1"}},
            (400, "parameter_unknown", f"{ACTION_AMOUNT}.custom_pricing_unit"),
        ),
        (
            {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": NO_UNIT, "value": "1"}},
            (404, "custom_pricing_unit_not_found", f"{ACTION_AMOUNT}.custom_pricing_unit.id"),
        ),
        (
            {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": "@", "value": "0.0000001"}},
            (400, "parameter_invalid", f"{ACTION_AMOUNT}.custom_pricing_unit.value"),
        ),
    ],
)
def test_units_that_can_not_be_granted_are_refused(
    door: Door, unit: str, amount: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    units = amount.get("custom_pricing_unit")
    sent = amount if units is None or units["id"] != "@" else {**amount, "custom_pricing_unit": {**units, "id": unit}}
    body = action_body(grant={"amount": sent})
    assert door.v2.refused("POST", "/billing/service_actions", body) == refusal


def test_a_card_that_is_not_there_or_not_in_use_has_no_new_overage_rates(door: Door, unit: str, extra: str) -> None:
    body = {"custom_pricing_unit": unit, "one_time_item": extra, "unit_amount": "1"}
    nowhere = f"/billing/rate_cards/{NO_CARD}/custom_pricing_unit_overage_rates"
    assert door.v2.refused("POST", nowhere, body)[:2] == (404, "rate_card_not_found")
    assert door.v2.refused("GET", nowhere)[:2] == (404, "rate_card_not_found")
    card = create_rate_card(door.engine, name="Old", currency="USD", service=Cadence("month"))
    update_rate_card(door.engine, card_id=card.id, is_active=False)
    path = f"/billing/rate_cards/{card.id.replace('card_', 'rcd_test_')}/custom_pricing_unit_overage_rates"
    assert door.v2.refused("POST", path, body)[:2] == (400, "rate_card_inactive_error")
