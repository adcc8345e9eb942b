"""Metered, licensed and one-time items of v2."""

from __future__ import annotations

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import Shelf

PATHS = ("/billing/metered_items", "/billing/licensed_items", "/billing/one_time_items")
SEEDS_VERSION = "2025-07-30.preview"
NOBODY = f"bli_test_{'0' * 32}"


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


def body_for(shelf: Shelf, path: str, **members: object) -> dict[str, object]:
    meter = {"meter": shelf.meter()} if path == PATHS[0] else {}
    return {"display_name": "Thing", **meter, **members}


def test_a_metered_item_shows_what_it_measures(shelf: Shelf) -> None:
    meter = shelf.meter()
    item = shelf.metered(
        meter=meter,
        display_name="Hypernian tokens",
        lookup_key="hypernian",
        unit_label="token",
        tax_details={"tax_code": "txcd_10103001"},
        meter_segment_conditions=[{"dimension": "model", "value": "hypernian"}],
        invoice_presentation_dimensions=["region"],
        metadata={"team": "core"},
    )
    assert item["id"].startswith("bli_test_")
    del item["id"]
    assert item == {
        "object": "v2.billing.metered_item",
        "created": "2026-01-31T12:00:00.000Z",
        "display_name": "Hypernian tokens",
        "invoice_presentation_dimensions": ["region"],
        "livemode": False,
        "lookup_key": "hypernian",
        "metadata": {"team": "core"},
        "meter": meter,
        "meter_segment_conditions": [{"dimension": "model", "value": "hypernian"}],
        "tax_details": {"tax_code": "txcd_10103001"},
        "unit_label": "token",
    }


def test_what_is_not_said_of_an_item_is_null(shelf: Shelf) -> None:
    item = shelf.licensed(display_name="Seat")
    assert item["object"] == "v2.billing.licensed_item"
    assert (item["lookup_key"], item["tax_details"], item["unit_label"], item["metadata"]) == (None, None, None, {})


@pytest.mark.parametrize("path", PATHS)
def test_every_kind_of_item_is_changed_and_found_again(shelf: Shelf, path: str) -> None:
    sent = body_for(shelf, path, lookup_key=path[9:17], unit_label="x", metadata={"a": "1", "b": "2"})
    item = shelf.door.v2.post(path, sent)
    change = {"display_name": "Other", "lookup_key": None, "unit_label": None, "metadata": {"a": None, "c": "3"}}
    changed = shelf.door.v2.post(f"{path}/{item['id']}", {**change, "tax_details": {"tax_code": "txcd_10000000"}})
    assert (changed["display_name"], changed["lookup_key"], changed["unit_label"]) == ("Other", None, None)
    assert (changed["metadata"], changed["tax_details"]) == ({"b": "2", "c": "3"}, {"tax_code": "txcd_10000000"})
    untaxed = shelf.door.v2.post(f"{path}/{item['id']}", {"tax_details": None})
    assert untaxed == {**changed, "tax_details": None} == shelf.door.v2.get(f"{path}/{item['id']}")
    assert untaxed["id"] in [one["id"] for one in shelf.door.v2.pages(path)]


@pytest.mark.parametrize("path", PATHS)
def test_items_are_listed_by_lookup_keys_in_each_notation(shelf: Shelf, path: str) -> None:
    key = f"listed-{path[9:17]}"
    items = [shelf.door.v2.post(path, body_for(shelf, path, lookup_key=f"{key}-{number}")) for number in range(3)]
    ids = [item["id"] for item in items][::-1]
    for query in (
        f"lookup_keys[0]={key}-0&lookup_keys[1]={key}-1&lookup_keys[2]={key}-2",
        f"lookup_keys={key}-0&lookup_keys={key}-1&lookup_keys={key}-2",
        f"lookup_keys[]={key}-0&lookup_keys[]={key}-1&lookup_keys[]={key}-2",
    ):
        assert [one["id"] for one in shelf.door.v2.get(f"{path}?{query}")["data"]] == ids
    first = shelf.door.v2.get(f"{path}?limit=2&{query}")
    second = shelf.door.v2.get(first["next_page_url"])
    back = shelf.door.v2.get(second["previous_page_url"])
    assert [one["id"] for one in (*first["data"], *second["data"])] == ids
    assert (first["previous_page_url"], second["next_page_url"]) == (None, None)
    assert (back["data"], back["previous_page_url"]) == (first["data"], None)
    assert [one["id"] for one in shelf.door.v2.get(f"{path}?lookup_keys={key}-1")["data"]] == [ids[1]]


@pytest.mark.parametrize("path", PATHS)
def test_an_item_of_another_kind_is_not_found(shelf: Shelf, path: str) -> None:
    other = shelf.metered()["id"] if path != PATHS[0] else shelf.licensed()["id"]
    code = f"{path[9:-1]}_not_found"
    for item_id in (other, NOBODY, "bli_nonsense", "rcd_test_x"):
        assert shelf.door.v2.refused("GET", f"{path}/{item_id}") == (404, code, None)
        assert shelf.door.v2.refused("POST", f"{path}/{item_id}", {"display_name": "x"}) == (404, code, None)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"display_name": None}, "parameter_invalid_empty", "display_name"),
        ({"display_name": ""}, "parameter_invalid_empty", "display_name"),
        ({"display_name": "x" * 251}, "display_name_too_long", "display_name"),
        ({"display_name": "a\nb"}, "parameter_invalid", "display_name"),
        ({"unit_label": "x" * 101}, "unit_label_too_long", "unit_label"),
        ({"lookup_key": "x" * 201}, "parameter_invalid", "lookup_key"),
        ({"tax_details": {"tax_code": "nonsense"}}, "tax_code_invalid", "tax_details.tax_code"),
        ({"tax_details": {}}, "parameter_missing", "tax_details.tax_code"),
        ({"metadata": {"k" * 41: "v"}}, "parameter_invalid", "metadata"),
        ({"metadata": {str(number): "v" for number in range(51)}}, "parameter_invalid", "metadata"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"lookup_key": "taken"}, "lookup_key_already_used", "lookup_key"),
    ],
)
def test_bad_input_changes_nothing(shelf: Shelf, path: str, change: dict, code: str, param: str) -> None:
    if code == "lookup_key_already_used":
        shelf.door.v2.call("POST", path, body_for(shelf, path, lookup_key="taken"))
    item = shelf.door.v2.post(path, body_for(shelf, path))
    assert shelf.door.v2.refused("POST", f"{path}/{item['id']}", change) == (400, code, param)
    assert shelf.door.v2.get(f"{path}/{item['id']}") == item
    assert shelf.door.v2.refused("POST", path, body_for(shelf, path, **change)) == (400, code, param)


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"meter": f"mtr_test_{'0' * 32}"}, (404, "meter_not_found", "meter")),
        ({"meter": "nonsense"}, (404, "meter_not_found", "meter")),
        ({"meter": 7}, (400, "parameter_invalid", "meter")),
        (
            {"meter_segment_conditions": [{"dimension": "model"}]},
            (400, "parameter_missing", "meter_segment_conditions[0].value"),
        ),
        (
            {"meter_segment_conditions": [{"dimension": "model", "value": "a"}, {"dimension": "model", "value": "b"}]},
            (400, "parameter_invalid", "meter_segment_conditions"),
        ),
        (
            {"invoice_presentation_dimensions": ["a", "a"]},
            (400, "parameter_invalid", "invoice_presentation_dimensions"),
        ),
    ],
)
def test_what_a_metered_item_measures_has_to_be_there(shelf: Shelf, members: dict, refusal: tuple) -> None:
    body = body_for(shelf, PATHS[0], **members)
    assert shelf.door.v2.refused("POST", PATHS[0], body) == refusal


def test_what_a_metered_item_measures_never_changes(shelf: Shelf) -> None:
    item = shelf.metered()
    refusal = shelf.door.v2.refused("POST", f"{PATHS[0]}/{item['id']}", {"meter": shelf.meter()})
    assert refusal == (400, "parameter_unknown", "meter")


def test_a_request_sent_again_makes_nothing_new_and_is_answered_with_what_is_now(shelf: Shelf) -> None:
    sent = {"display_name": "Once"}
    first = shelf.door.v2.post("/billing/licensed_items", sent, Idempotency_Key="once-1")
    shelf.door.v2.post(f"/billing/licensed_items/{first['id']}", {"display_name": "Renamed"})
    again = shelf.door.v2.post("/billing/licensed_items", sent, Idempotency_Key="once-1")
    assert again == {**first, "display_name": "Renamed"}
    other = shelf.door.v2.refused("POST", "/billing/licensed_items", {"display_name": "x"}, Idempotency_Key="once-1")
    assert other == (409, "idempotency_error", None)


def test_a_page_holds_its_filters(shelf: Shelf) -> None:
    for number in range(2):
        shelf.licensed(lookup_key=f"held-{number}")
    page = shelf.door.v2.get("/billing/licensed_items?limit=1&lookup_keys=held-0&lookup_keys=held-1")
    assert page["next_page_url"].startswith("/v2/billing/licensed_items?page=")
    refusal = shelf.door.v2.refused("GET", f"{page['next_page_url']}&lookup_keys=held-0")
    assert refusal == (400, "parameter_invalid", "lookup_keys")
