"""Rates of rate cards of v2: made, listed by version, deleted, and changed together."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.server.domain.catalog import rate_card
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import Shelf

NOBODY = f"rcdr_test_{'0' * 32}"
OLD = "2025-09-30.preview"


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


@pytest.fixture
def card(shelf: Shelf) -> str:
    return shelf.card()["id"]


def path_of(card: str) -> str:
    return f"/billing/rate_cards/{card}"


def latest(shelf: Shelf, card: str) -> str:
    return shelf.door.v2.get(path_of(card), Stripe_Version=OLD)["latest_version"]


def amounts(shelf: Shelf, card: str, query: str = "") -> list[str]:
    return [one["unit_amount"] for one in shelf.door.v2.pages(f"{path_of(card)}/rates{query}")]


def modify(shelf: Shelf, card: str, create: Any = (), delete: Any = ()) -> Any:
    body = {"rates_to_create": list(create), "rates_to_delete": [{"id": one} for one in delete]}
    return shelf.door.v2.post(f"{path_of(card)}/modify_rates", body)


def test_a_rate_shows_its_item_and_the_version_that_it_was_made_on(shelf: Shelf, card: str) -> None:
    item = shelf.metered()
    rate = shelf.rate(card, metered_item=item["id"], unit_amount="0.25", metadata={"a": "1"})
    assert rate["id"].startswith("rcdr_test_")
    assert {name: rate[name] for name in rate if name != "id"} == {
        "object": "v2.billing.rate_card_rate",
        "custom_pricing_unit_amount": None,
        "created": "2026-01-31T12:00:00.000Z",
        "livemode": False,
        "metadata": {"a": "1"},
        "metered_item": item,
        "rate_card": card,
        "rate_card_version": latest(shelf, card),
        "tiering_mode": None,
        "tiers": [],
        "transform_quantity": None,
        "unit_amount": "0.25",
    }
    assert shelf.door.v2.get(f"{path_of(card)}/rates/{rate['id']}") == rate


def test_a_first_rate_for_an_item_makes_no_version_and_another_one_does(shelf: Shelf, card: str) -> None:
    first = latest(shelf, card)
    rate = shelf.rate(card, unit_amount="5")
    assert latest(shelf, card) == first
    other = shelf.rate(card, metered_item=rate["metered_item"]["id"], unit_amount="7")
    assert latest(shelf, card) == other["rate_card_version"] != first
    assert (amounts(shelf, card), amounts(shelf, card, f"?rate_card_version={first}")) == (["7"], ["5"])
    assert shelf.door.v2.get(path_of(card))["live_version"] == first
    versions = shelf.door.v2.get(f"{path_of(card)}/versions")["data"]
    assert [one["id"] for one in versions] == [other["rate_card_version"], first]
    assert shelf.door.v2.get(f"{path_of(card)}/versions/{first}") == versions[1]
    assert versions[1]["rate_card_id"] == card


def test_a_rate_that_is_deleted_is_in_the_versions_before(shelf: Shelf, card: str) -> None:
    first = latest(shelf, card)
    rate = shelf.rate(card)
    gone = {"id": rate["id"], "object": "v2.billing.rate_card_rate"}
    assert shelf.door.v2.delete(f"{path_of(card)}/rates/{rate['id']}") == gone
    assert (amounts(shelf, card), amounts(shelf, card, f"?rate_card_version={first}")) == ([], ["5"])
    assert shelf.door.v2.get(f"{path_of(card)}/rates/{rate['id']}") == rate
    refusal = shelf.door.v2.refused("DELETE", f"{path_of(card)}/rates/{rate['id']}")
    assert refusal == (400, "rate_card_rate_delete_inactive", None)


def test_rates_are_listed_by_item(shelf: Shelf, card: str) -> None:
    rates = [shelf.rate(card, unit_amount=str(number)) for number in range(3)]
    item = rates[1]["metered_item"]["id"]
    assert amounts(shelf, card, "?limit=2") == ["0", "1", "2"]
    assert amounts(shelf, card, f"?metered_item={item}") == ["1"]
    assert shelf.door.v2.refused("GET", f"{path_of(card)}/rates?metered_item=x") == (
        404,
        "metered_item_not_found",
        "metered_item",
    )
    refusal = shelf.door.v2.refused("GET", f"{path_of(card)}/rates?rate_card_version=nonsense")
    assert refusal == (404, "rate_card_version_not_found", None)


def test_rates_change_together_in_one_version(shelf: Shelf, card: str) -> None:
    kept, changed, gone = (shelf.rate(card, unit_amount=str(number)) for number in range(3))
    first = latest(shelf, card)
    data = {"display_name": "Made with its rate", "meter": shelf.meter(), "meter_segment_conditions": []}
    made = modify(
        shelf,
        card,
        [
            {"metered_item": changed["metered_item"]["id"], "unit_amount": "10"},
            {"metered_item_data": data, "unit_amount": "11"},
        ],
        [changed["id"], gone["id"]],
    )
    assert (made["object"], made["rate_card_id"]) == ("v2.billing.rate_card_version", card)
    assert made["id"] == latest(shelf, card) != first
    assert amounts(shelf, card) == ["0", "10", "11"]
    assert kept["rate_card_version"] == first


def test_all_of_a_change_is_made_or_nothing(shelf: Shelf, card: str) -> None:
    rate = shelf.rate(card)
    data = {
        "display_name": "Not made",
        "lookup_key": "not_made",
        "meter": shelf.meter(),
        "meter_segment_conditions": [],
    }
    body = {
        "rates_to_create": [
            {"metered_item_data": data, "unit_amount": "1"},
            {"metered_item": rate["metered_item"]["id"], "unit_amount": "2"},
        ],
        "rates_to_delete": [],
    }
    refusal = shelf.door.v2.refused("POST", f"{path_of(card)}/modify_rates", body)
    assert refusal == (400, "duplicate_metered_item", "rates_to_create")
    assert amounts(shelf, card) == ["5"]
    assert shelf.door.v2.get("/billing/metered_items?lookup_keys=not_made")["data"] == []


@pytest.mark.parametrize(
    ("create", "delete", "refusal"),
    [
        ([], [], (400, "invalid_bulk_rates_length", "rates_to_create")),
        (
            [{"metered_item": "bli_test_x", "unit_amount": "1"}] * 101,
            [],
            (400, "invalid_bulk_rates_length", "rates_to_create"),
        ),
        ([{"unit_amount": "1"}], [], (400, "parameter_invalid", "rates_to_create[0].metered_item")),
        (
            [{"metered_item": "nonsense", "unit_amount": "1"}],
            [],
            (404, "metered_item_not_found", "rates_to_create[0].metered_item"),
        ),
        ([{"metered_item": "x"}], [], (400, "parameter_missing", "rates_to_create[0].unit_amount")),
        (
            [{"metered_item_data": {"display_name": "x", "meter": "nonsense"}, "unit_amount": "1"}],
            [],
            (404, "meter_not_found", "rates_to_create[0].metered_item_data.meter"),
        ),
        ([], [NOBODY], (404, "rate_card_rate_not_found", "rates_to_delete[0].id")),
        ([], ["nonsense"], (404, "rate_card_rate_not_found", "rates_to_delete[0].id")),
    ],
)
def test_what_can_not_be_changed_together_is_refused(
    shelf: Shelf, card: str, create: list, delete: list, refusal: tuple
) -> None:
    body = {"rates_to_create": create, "rates_to_delete": [{"id": one} for one in delete]}
    assert shelf.door.v2.refused("POST", f"{path_of(card)}/modify_rates", body) == refusal


@pytest.mark.parametrize("member", ["rates_to_create", "rates_to_delete"])
def test_both_lists_have_to_be_there(shelf: Shelf, card: str, member: str) -> None:
    body = {"rates_to_create": [], "rates_to_delete": []}
    del body[member]
    refusal = shelf.door.v2.refused("POST", f"{path_of(card)}/modify_rates", body)
    assert refusal == (400, "parameter_missing", member)


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"metered_item": "nonsense"}, (404, "metered_item_not_found", "metered_item")),
        ({"metered_item": f"bli_test_{'0' * 32}"}, (404, "metered_item_not_found", "metered_item")),
        ({"unit_amount": "1e5"}, (400, "parameter_invalid", "unit_amount")),
        ({"unit_amount": None}, (400, "parameter_missing", "unit_amount")),
        ({"tiering_mode": "steps"}, (400, "parameter_invalid", "tiering_mode")),
        (
            {"transform_quantity": {"divide_by": "0", "round": "up"}},
            (400, "parameter_invalid", "transform_quantity.divide_by"),
        ),
        (
            {"transform_quantity": {"divide_by": 1, "round": "half"}},
            (400, "parameter_invalid", "transform_quantity.round"),
        ),
        ({"flat_amount": "1"}, (400, "parameter_unknown", "flat_amount")),
    ],
)
def test_what_is_no_rate_is_refused(shelf: Shelf, card: str, members: dict, refusal: tuple) -> None:
    body = {"metered_item": shelf.metered()["id"], "unit_amount": "1", **members}
    assert shelf.door.v2.refused("POST", f"{path_of(card)}/rates", body) == refusal
    assert amounts(shelf, card) == []


def test_two_items_can_not_be_priced_for_the_same_usage(shelf: Shelf, card: str) -> None:
    meter = shelf.meter()
    conditions = [{"dimension": "model", "value": "large"}]
    shelf.rate(card, metered_item=shelf.metered(meter=meter)["id"])
    shelf.rate(card, metered_item=shelf.metered(meter=meter, meter_segment_conditions=conditions)["id"])
    again = {"metered_item": shelf.metered(meter=meter)["id"], "unit_amount": "1"}
    refusal = shelf.door.v2.refused("POST", f"{path_of(card)}/rates", again)
    assert refusal == (400, "rate_card_price_meter_exists", "metered_item")


def test_a_card_that_is_not_active_gets_no_rates(shelf: Shelf, card: str) -> None:
    shelf.door.v2.post(path_of(card), {"active": False})
    body = {"metered_item": shelf.metered()["id"], "unit_amount": "1"}
    assert shelf.door.v2.refused("POST", f"{path_of(card)}/rates", body) == (400, "rate_card_inactive_error", None)
    many = {"rates_to_create": [body], "rates_to_delete": []}
    assert shelf.door.v2.refused("POST", f"{path_of(card)}/modify_rates", many) == (
        400,
        "rate_card_inactive_error",
        None,
    )


def test_a_version_holds_so_many_rates_and_no_more(shelf: Shelf, card: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_card, "MOST_RATES", 1)
    shelf.rate(card)
    one_more = {"metered_item": shelf.metered()["id"], "unit_amount": "1"}
    refusal = shelf.door.v2.refused("POST", f"{path_of(card)}/rates", one_more)
    assert refusal == (400, "too_many_rates_per_rate_card", None)


def test_a_rate_of_another_card_is_not_found(shelf: Shelf, card: str) -> None:
    rate = shelf.rate(shelf.card()["id"])
    for rate_id in (rate["id"], NOBODY, "nonsense"):
        for method in ("GET", "DELETE"):
            refusal = shelf.door.v2.refused(method, f"{path_of(card)}/rates/{rate_id}")
            assert refusal == (404, "rate_card_rate_not_found", None)
