"""Service actions of v2: credit that comes again; only its name ever changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import Shelf, action_body

PATH = "/billing/service_actions"
SCOPE = "credit_grant.applicability_config.scope"
MONEY = "credit_grant.amount.monetary"


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


def test_a_service_action_shows_what_it_grants(shelf: Shelf) -> None:
    item = shelf.metered()["id"]
    action = shelf.action(
        scope={"billable_items": [item]}, grant={"priority": 10, "category": "paid"}, lookup_key="credit grant 28"
    )
    assert action["id"].startswith("svca_test_")
    assert {name: action[name] for name in action if name != "id"} == {
        "object": "v2.billing.service_action",
        "created": "2026-01-31T12:00:00.000Z",
        "credit_grant": {
            "name": "Monthly credit",
            "amount": {"type": "monetary", "monetary": {"value": 1000, "currency": "usd"}, "custom_pricing_unit": None},
            "applicability_config": {"scope": {"billable_items": [item], "price_type": None}},
            "category": "paid",
            "expiry_config": {"type": "end_of_service_period"},
            "priority": 10,
        },
        "credit_grant_per_tenant": None,
        "livemode": False,
        "lookup_key": "credit grant 28",
        "service_interval": "month",
        "service_interval_count": 1,
        "type": "credit_grant",
    }
    assert shelf.door.v2.get(f"{PATH}/{action['id']}") == action


def test_an_item_may_stand_alone_and_an_amount_be_a_text_as_the_guide_has_it(shelf: Shelf) -> None:
    """Stripe documentation, "Create hybrid pricing plans", Add a service action."""
    item = shelf.metered()["id"]
    amount = {"type": "monetary", "monetary": {"value": "1000", "currency": "usd"}}
    action = shelf.action(scope={"billable_items": item}, grant={"amount": amount})
    assert action["credit_grant"]["applicability_config"]["scope"]["billable_items"] == [item]
    assert action["credit_grant"]["amount"]["monetary"]["value"] == 1000


def test_credit_for_whatever_is_metered_names_no_items(shelf: Shelf) -> None:
    grant = shelf.action()["credit_grant"]
    assert grant["applicability_config"]["scope"] == {"billable_items": None, "price_type": "metered"}
    assert grant["priority"] == 50


def test_only_the_name_and_the_lookup_key_change(shelf: Shelf) -> None:
    action = shelf.action(lookup_key="before")
    changed = shelf.door.v2.post(f"{PATH}/{action['id']}", {"credit_grant": {"name": "Gift"}, "lookup_key": None})
    assert (changed["credit_grant"]["name"], changed["lookup_key"]) == ("Gift", None)
    refusal = shelf.door.v2.refused("POST", f"{PATH}/{action['id']}", {"credit_grant": {"name": "x", "priority": 1}})
    assert refusal == (400, "parameter_unknown", "credit_grant.priority")
    assert shelf.door.v2.get(f"{PATH}/{action['id']}") == changed


def test_there_is_no_list_of_service_actions(shelf: Shelf) -> None:
    assert shelf.door.v2.refused("GET", PATH)[0] == 405


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_there_is_not_found(shelf: Shelf, method: str) -> None:
    for missing in (f"svca_test_{'0' * 32}", "nonsense"):
        refusal = shelf.door.v2.refused(method, f"{PATH}/{missing}", {} if method == "POST" else None)
        assert refusal == (404, "service_action_not_found", None)


def amount(value: Any, currency: Any = "usd") -> dict[str, Any]:
    return {"grant": {"amount": {"type": "monetary", "monetary": {"value": value, "currency": currency}}}}


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"type": "email"}, (400, "service_action_type_invalid", "type")),
        ({"type": "credit_grant_per_tenant"}, (400, "service_action_type_invalid", "type")),
        ({"credit_grant": None}, (400, "parameter_missing", "credit_grant")),
        ({"scope": {"billable_items": []}}, (400, "array_must_not_be_empty", f"{SCOPE}.billable_items")),
        ({"scope": {"billable_items": ["x"]}}, (404, "billable_item_not_found", f"{SCOPE}.billable_items")),
        (
            {"scope": {"billable_items": [f"bli_test_{'0' * 32}"]}},
            (404, "billable_item_not_found", f"{SCOPE}.billable_items"),
        ),
        ({"scope": {"billable_items": "licensed"}}, (400, "billable_item_not_metered", f"{SCOPE}.billable_items")),
        ({"scope": {"billable_items": "one_time"}}, (400, "billable_item_not_metered", f"{SCOPE}.billable_items")),
        (
            {"scope": {"billable_items": ["x"], "price_type": "metered"}},
            (400, "parameter_invalid", f"{SCOPE}.price_type"),
        ),
        ({"scope": {"price_type": "licensed"}}, (400, "parameter_invalid", f"{SCOPE}.price_type")),
        ({"grant": {"priority": 101}}, (400, "parameter_invalid", "credit_grant.priority")),
        ({"grant": {"priority": -1}}, (400, "parameter_invalid", "credit_grant.priority")),
        ({"grant": {"category": "gift"}}, (400, "parameter_invalid", "credit_grant.category")),
        ({"grant": {"name": "x" * 251}}, (400, "display_name_too_long", "credit_grant.name")),
        (
            {"grant": {"expiry_config": {"type": "never"}}},
            (400, "parameter_invalid", "credit_grant.expiry_config.type"),
        ),
        (amount(0), (400, "parameter_invalid", f"{MONEY}.value")),
        (amount(-5), (400, "parameter_invalid", f"{MONEY}.value")),
        (amount("1.5"), (400, "parameter_invalid_integer", f"{MONEY}.value")),
        (amount(5, "xyz"), (400, "product_catalog_unsupported_currency", f"{MONEY}.currency")),
        ({"lookup_key": "taken"}, (400, "lookup_key_already_used", "lookup_key")),
        (
            {"service_interval_count": 11, "service_interval": "year"},
            (400, "parameter_invalid", "service_interval_count"),
        ),
    ],
)
def test_what_can_not_be_granted_is_refused(shelf: Shelf, members: dict, refusal: tuple) -> None:
    if members.get("lookup_key") == "taken":
        shelf.action(lookup_key="taken")
    make = {"licensed": shelf.licensed, "one_time": one_time(shelf)}
    named = members.get("scope", {}).get("billable_items")
    if isinstance(named, str):
        members = {"scope": {"billable_items": make[named]()["id"]}}
    body = action_body(**{name: value for name, value in members.items() if name != "credit_grant"})
    if "credit_grant" in members:
        body["credit_grant"] = members["credit_grant"]
    assert shelf.door.v2.refused("POST", PATH, body) == refusal


def one_time(shelf: Shelf) -> Any:
    return lambda: shelf.door.v2.post("/billing/one_time_items", {"display_name": "Setup"})
