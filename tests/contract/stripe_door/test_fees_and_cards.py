"""Licence fees and rate cards of v2: what they show, what changes them, and which change makes a version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import MONTHLY, PRICED, Shelf

FEES, CARDS = "/billing/license_fees", "/billing/rate_cards"
BOTH = (FEES, CARDS)
OLD = "2025-09-30.preview"
TIERS = [{"up_to_decimal": "10.5", "unit_amount": "100"}, {"up_to_inf": "inf", "unit_amount": "50"}]


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


def make(shelf: Shelf, path: str, **members: Any) -> dict[str, Any]:
    return shelf.fee(**members) if path == FEES else shelf.card(**members)


def body_for(shelf: Shelf, path: str, **members: Any) -> dict[str, Any]:
    own = {"licensed_item": shelf.licensed()["id"], "unit_amount": "5"} if path == FEES else {}
    return {"display_name": "Thing", **PRICED, **MONTHLY, **own, **members}


def test_a_licence_fee_shows_its_item_and_its_live_price(shelf: Shelf) -> None:
    item = shelf.licensed()
    fee = shelf.fee(licensed_item=item["id"], unit_amount="50000", lookup_key="e2e", display_name="E2E License")
    assert fee["id"].startswith("licf_test_")
    assert fee["live_version"].startswith("licfv_test_")
    assert {name: fee[name] for name in fee if name not in ("id", "live_version")} == {
        "object": "v2.billing.license_fee",
        "active": True,
        "created": "2026-01-31T12:00:00.000Z",
        "currency": "usd",
        "display_name": "E2E License",
        "licensed_item": item,
        "livemode": False,
        "lookup_key": "e2e",
        "metadata": {},
        "service_cycle": {"interval": "month", "interval_count": 1},
        "tax_behavior": "exclusive",
        "tiering_mode": None,
        "tiers": [],
        "transform_quantity": None,
        "unit_amount": "50000",
    }


@pytest.mark.parametrize("path", BOTH)
def test_each_version_of_the_api_has_its_own_shape(shelf: Shelf, path: str) -> None:
    made = make(shelf, path)
    of = {
        date: shelf.door.v2.get(f"{path}/{made['id']}", Stripe_Version=date)
        for date in ("2025-07-30.preview", OLD, "2026-03-04.preview", "2026-04-22.preview", "2026-06-10.preview")
    }
    assert ["latest_version" in one for one in of.values()] == [True, True, True, True, False]
    assert [one.get("service_interval") for one in of.values()] == ["month", "month", "month", None, None]
    assert [one.get("service_interval_count") for one in of.values()] == [1, 1, 1, None, None]
    assert [one.get("service_cycle", {}).get("interval") for one in of.values()] == [None, None, None, "month", "month"]


def test_another_price_makes_a_version_that_is_live_when_that_is_said(shelf: Shelf) -> None:
    fee = shelf.fee(unit_amount="2000")
    path = f"{FEES}/{fee['id']}"
    changed = shelf.door.v2.post(path, {"unit_amount": "2500"}, Stripe_Version=OLD)
    assert (changed["unit_amount"], changed["live_version"]) == ("2000", fee["live_version"])
    assert changed["latest_version"] != fee["live_version"]
    live = shelf.door.v2.post(path, {"live_version": "latest"}, Stripe_Version=OLD)
    assert (live["unit_amount"], live["live_version"]) == ("2500", changed["latest_version"])
    both = shelf.door.v2.post(path, {"tiers": TIERS, "tiering_mode": "volume", "live_version": "latest"})
    assert (both["unit_amount"], both["tiers"][0]["up_to_decimal"]) == (None, "10.5")
    versions = shelf.door.v2.get(f"{path}/versions")["data"]
    assert [one["unit_amount"] for one in versions] == [None, "2500", "2000"]
    assert versions[0]["id"] == both["live_version"]
    assert versions[0]["license_fee_id"] == fee["id"]
    assert versions[2] == shelf.door.v2.get(f"{path}/versions/{fee['live_version']}")
    back = shelf.door.v2.post(path, {"live_version": fee["live_version"]})
    assert back["unit_amount"] == "2000"


def test_the_same_price_again_makes_no_version(shelf: Shelf) -> None:
    fee = shelf.fee(unit_amount="2000")
    shelf.door.v2.post(f"{FEES}/{fee['id']}", {"unit_amount": "2000.00", "metadata": {"seen": "twice"}})
    assert len(shelf.door.v2.get(f"{FEES}/{fee['id']}/versions")["data"]) == 1


@pytest.mark.parametrize("path", BOTH)
def test_labels_are_changed_and_taken_away(shelf: Shelf, path: str) -> None:
    made = make(shelf, path, lookup_key=f"labels{path[9:12]}", metadata={"a": "1"})
    change = {"display_name": "Other", "lookup_key": None, "metadata": {"a": None, "b": "2"}}
    changed = shelf.door.v2.post(f"{path}/{made['id']}", change)
    assert (changed["display_name"], changed["lookup_key"], changed["metadata"]) == ("Other", None, {"b": "2"})
    assert shelf.door.v2.get(f"{path}/{made['id']}") == changed


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"display_name": "x" * 251}, (400, "display_name_too_long", "display_name")),
        ({"display_name": None}, (400, "parameter_invalid_empty", "display_name")),
        ({"lookup_key": "taken"}, (400, "lookup_key_already_used", "lookup_key")),
        ({"currency": "xyz"}, (400, "product_catalog_unsupported_currency", "currency")),
        ({"currency": "dollars"}, (400, "parameter_invalid", "currency")),
        ({"service_interval": "hour"}, (400, "parameter_invalid", "service_interval")),
        ({"service_interval_count": 0}, (400, "parameter_invalid", "service_interval_count")),
        ({"service_interval_count": 121}, (400, "parameter_invalid", "service_interval_count")),
        ({"tax_behavior": "unspecified"}, (400, "parameter_invalid", "tax_behavior")),
        ({"price": "5"}, (400, "parameter_unknown", "price")),
    ],
)
def test_what_can_not_be_made_is_refused(shelf: Shelf, path: str, change: dict, refusal: tuple) -> None:
    shelf.door.v2.call("POST", path, body_for(shelf, path, lookup_key="taken"))
    assert shelf.door.v2.refused("POST", path, body_for(shelf, path, **change)) == refusal


@pytest.mark.parametrize(
    "member", ["currency", "display_name", "service_interval", "service_interval_count", "tax_behavior"]
)
@pytest.mark.parametrize("path", BOTH)
def test_what_has_to_be_said_has_to_be_said(shelf: Shelf, path: str, member: str) -> None:
    body = body_for(shelf, path)
    del body[member]
    assert shelf.door.v2.refused("POST", path, body) == (400, "parameter_missing", member)


def test_the_item_of_a_licence_fee_has_to_be_a_licensed_one(shelf: Shelf) -> None:
    for item_id in (shelf.metered()["id"], "nonsense"):
        body = body_for(shelf, FEES, licensed_item=item_id)
        assert shelf.door.v2.refused("POST", FEES, body) == (404, "billable_item_not_found", "licensed_item")
    body = body_for(shelf, FEES, unit_amount="-5")
    assert shelf.door.v2.refused("POST", FEES, body) == (400, "parameter_invalid", "unit_amount")


@pytest.mark.parametrize(("path", "code", "prefix"), [(FEES, "license_fee", "licf"), (CARDS, "rate_card", "rcd")])
def test_what_is_not_there_is_not_found(shelf: Shelf, path: str, code: str, prefix: str) -> None:
    made, other = make(shelf, path), make(shelf, path)
    nobody = f"{prefix}_test_{'0' * 32}"
    for missing in (nobody, "nonsense"):
        for method, rest, body in (("GET", "", None), ("POST", "", {}), ("GET", "/versions", None)):
            assert shelf.door.v2.refused(method, f"{path}/{missing}{rest}", body) == (404, f"{code}_not_found", None)
    for version in (other["live_version"], "nonsense"):
        refusal = shelf.door.v2.refused("GET", f"{path}/{made['id']}/versions/{version}")
        assert refusal == (404, f"{code}_version_not_found", None)
        refusal = shelf.door.v2.refused("POST", f"{path}/{made['id']}", {"live_version": version})
        assert refusal == (404, f"{code}_version_not_found", "live_version")


@pytest.mark.parametrize("path", BOTH)
def test_they_are_listed_the_newest_first_by_lookup_key(shelf: Shelf, path: str) -> None:
    keys = [f"list{path[9:12]}{number}" for number in range(3)]
    ids = [make(shelf, path, lookup_key=key)["id"] for key in keys][::-1]
    query = "&".join(f"lookup_keys[{number}]={key}" for number, key in enumerate(keys))
    assert [one["id"] for one in shelf.door.v2.pages(f"{path}?limit=2&{query}")] == ids
    refusal = shelf.door.v2.refused("GET", f"{path}?" + "&".join(f"lookup_keys={number}" for number in range(11)))
    assert refusal == (400, "parameter_invalid", "lookup_keys")
    assert shelf.door.v2.refused("GET", f"{path}?colour=red") == (400, "parameter_unknown", "colour")


def test_licence_fees_are_listed_by_their_item(shelf: Shelf) -> None:
    item = shelf.licensed()["id"]
    fee = shelf.fee(licensed_item=item)
    assert [one["id"] for one in shelf.door.v2.get(f"{FEES}?licensed_item={item}")["data"]] == [fee["id"]]
    refusal = shelf.door.v2.refused("GET", f"{FEES}?licensed_item=nonsense")
    assert refusal == (404, "billable_item_not_found", "licensed_item")


def test_a_rate_card_is_put_away_and_taken_out_again(shelf: Shelf) -> None:
    card = shelf.card(lookup_key="away")
    assert shelf.door.v2.post(f"{CARDS}/{card['id']}", {"active": False}) == {**card, "active": False}
    for query, found in (("active=false", [card["id"]]), ("active=true", [])):
        listed = shelf.door.v2.get(f"{CARDS}?lookup_keys=away&{query}")["data"]
        assert [one["id"] for one in listed] == found
    assert shelf.door.v2.refused("GET", f"{CARDS}?active=perhaps") == (400, "parameter_invalid", "active")
    assert shelf.door.v2.post(f"{CARDS}/{card['id']}", {"active": True}) == card
