"""Pricing plans of v2: composed, versioned, made live, put away; as the guides of Stripe's documentation have it."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.server.api.stripe.plan_components import KINDS
from billing_sdk.server.domain.catalog.attachment import MOST_OF_KIND
from billing_sdk.server.usecases.create_plan import create_plan as create_elsewhere
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.shelf import PRICED, Shelf

PATH = "/billing/pricing_plans"
SEEDS = "2025-07-30.preview"
NOBODY = f"bppc_test_{'0' * 32}"


@pytest.fixture(scope="module")
def shelf(door: Door) -> Shelf:
    return Shelf(door)


@pytest.fixture
def plan(shelf: Shelf) -> str:
    return shelf.plan()["id"]


def versions(shelf: Shelf, plan: str) -> list[dict[str, Any]]:
    return shelf.door.v2.get(f"{PATH}/{plan}/versions")["data"]


def components(shelf: Shelf, plan: str, query: str = "") -> list[dict[str, Any]]:
    return shelf.door.v2.pages(f"{PATH}/{plan}/components{query}")


def refused(shelf: Shelf, plan: str, body: dict[str, Any]) -> tuple:
    return shelf.door.v2.refused("POST", f"{PATH}/{plan}/components", body)


def test_a_plan_begins_without_anything_live(shelf: Shelf) -> None:
    made = shelf.plan(description="For teams", lookup_key="pro", metadata={"a": "1"})
    assert made["id"].startswith("bpp_test_")
    assert {name: made[name] for name in made if name != "id"} == {
        "object": "v2.billing.pricing_plan",
        "active": True,
        "created": "2026-01-31T12:00:00.000Z",
        "currency": "usd",
        "description": "For teams",
        "display_name": "Pro",
        "live_version": None,
        "livemode": False,
        "lookup_key": "pro",
        "metadata": {"a": "1"},
        "tax_behavior": "exclusive",
    }
    old = shelf.door.v2.get(f"{PATH}/{made['id']}", Stripe_Version=SEEDS)
    assert old == {**made, "latest_version": versions(shelf, made["id"])[0]["id"]}


def test_the_plan_of_the_guide_is_composed_and_made_live(shelf: Shelf, plan: str) -> None:
    """Stripe documentation, "Create hybrid pricing plans", as it is printed there."""
    card, fee, action = shelf.card(), shelf.fee(unit_amount="50000"), shelf.action()
    notes = {"metadata": {"existing_key": "updated_value", "new_key": "new value"}}
    rated = shelf.door.v2.post(f"{PATH}/{plan}/components/{card['id']}", notes, Stripe_Version=SEEDS)
    assert (rated["type"], rated["rate_card"]["id"], rated["metadata"]) == ("rate_card", card["id"], notes["metadata"])
    charged = shelf.attach(
        plan,
        "license_fee",
        fee["id"],
        license_fee={"id": fee["id"], "version": fee["live_version"]},
        lookup_key="monthly-fee-component",
    )
    assert charged["license_fee"] == {"id": fee["id"], "version": fee["live_version"]}
    granted = shelf.attach(
        plan, "service_action", action["id"], service_action={"id": action["id"], "version": "svcav_123"}, **notes
    )
    assert granted["service_action"] == {"id": action["id"]}
    live = shelf.door.v2.post(f"{PATH}/{plan}", {"live_version": "latest"}, Stripe_Version=SEEDS)
    assert live["live_version"] == live["latest_version"] == granted["pricing_plan_version"]
    assert [one["type"] for one in components(shelf, plan)] == ["rate_card", "license_fee", "service_action"]


def test_a_component_shows_what_it_refers_to(shelf: Shelf, plan: str) -> None:
    fee = shelf.fee()
    made = shelf.attach(plan, "license_fee", fee["id"], lookup_key="seats", metadata={"a": "1"})
    assert made["id"].startswith("bppc_test_")
    assert {name: made[name] for name in made if name != "id"} == {
        "object": "v2.billing.pricing_plan_component",
        "created": "2026-01-31T12:00:00.000Z",
        "license_fee": {"id": fee["id"], "version": fee["live_version"]},
        "livemode": False,
        "lookup_key": "seats",
        "metadata": {"a": "1"},
        "pricing_plan": plan,
        "pricing_plan_version": versions(shelf, plan)[0]["id"],
        "rate_card": None,
        "service_action": None,
        "type": "license_fee",
    }
    assert shelf.door.v2.get(f"{PATH}/{plan}/components/{made['id']}") == made


def test_the_latest_version_of_an_object_counts_where_none_is_named(shelf: Shelf, plan: str) -> None:
    fee = shelf.fee()
    shelf.door.v2.post(f"/billing/license_fees/{fee['id']}", {"unit_amount": "9"})
    newest = shelf.door.v2.get(f"/billing/license_fees/{fee['id']}/versions")["data"][0]["id"]
    assert shelf.attach(plan, "license_fee", fee["id"])["license_fee"]["version"] == newest != fee["live_version"]


def test_which_change_makes_a_version(shelf: Shelf, plan: str) -> None:
    """Stripe documentation, "How advanced usage-based billing works", Pricing plan version."""
    counts = [len(versions(shelf, plan))]
    shelf.attach(plan, "rate_card", shelf.card()["id"])
    counts.append(len(versions(shelf, plan)))
    fee = shelf.attach(plan, "license_fee", shelf.fee()["id"])
    counts.append(len(versions(shelf, plan)))
    shelf.attach(plan, "service_action", shelf.action()["id"])
    counts.append(len(versions(shelf, plan)))
    shelf.door.v2.post(f"{PATH}/{plan}/components/{fee['id']}", {"lookup_key": "seats"})
    counts.append(len(versions(shelf, plan)))
    shelf.door.v2.delete(f"{PATH}/{plan}/components/{fee['id']}")
    counts.append(len(versions(shelf, plan)))
    shelf.door.v2.post(f"{PATH}/{plan}", {"display_name": "Other"})
    counts.append(len(versions(shelf, plan)))
    assert counts == [1, 1, 2, 3, 4, 5, 5]


def test_a_version_ends_when_the_next_one_begins(shelf: Shelf, plan: str) -> None:
    shelf.attach(plan, "license_fee", shelf.fee()["id"])
    after, before = versions(shelf, plan)
    assert (after["object"], after["pricing_plan"]) == ("v2.billing.pricing_plan_version", plan)
    assert (after["end_date"], before["end_date"]) == (None, after["start_date"])
    assert shelf.door.v2.get(f"{PATH}/{plan}/versions/{before['id']}") == before


def test_components_are_listed_by_version_or_lookup_key(shelf: Shelf, plan: str) -> None:
    first = versions(shelf, plan)[0]["id"]
    seats = shelf.attach(plan, "license_fee", shelf.fee()["id"], lookup_key="seats")
    shelf.attach(plan, "license_fee", shelf.fee()["id"], lookup_key="desks")
    assert [one["lookup_key"] for one in components(shelf, plan, "?limit=1")] == ["seats", "desks"]
    assert components(shelf, plan, f"?pricing_plan_version={first}") == []
    assert [one["id"] for one in components(shelf, plan, "?lookup_keys[0]=seats")] == [seats["id"]]
    refusal = shelf.door.v2.refused("GET", f"{PATH}/{plan}/components?lookup_keys=x&pricing_plan_version={first}")
    assert refusal == (400, "parameter_invalid", "lookup_keys")
    refusal = shelf.door.v2.refused("GET", f"{PATH}/{plan}/components?pricing_plan_version=nonsense")
    assert refusal == (404, "pricing_plan_version_not_found", None)


def test_a_component_that_is_deleted_stays_in_the_versions_before(shelf: Shelf, plan: str) -> None:
    fee = shelf.attach(plan, "license_fee", shelf.fee()["id"])
    path = f"{PATH}/{plan}/components/{fee['id']}"
    assert shelf.door.v2.delete(path) == {"id": fee["id"], "object": "v2.billing.pricing_plan_component"}
    assert components(shelf, plan) == []
    assert shelf.door.v2.get(path) == fee
    assert shelf.door.v2.refused("DELETE", path) == (400, "pricing_plan_component_delete_inactive", None)
    assert shelf.door.v2.refused("POST", path, {}) == (400, "pricing_plan_component_inactive", None)


@pytest.mark.parametrize("component", [NOBODY, "nonsense", f"rcdx_test_{'0' * 32}"])
def test_a_component_that_was_never_there_is_not_found(shelf: Shelf, plan: str, component: str) -> None:
    path = f"{PATH}/{plan}/components/{component}"
    for method, body in (("GET", None), ("POST", {}), ("DELETE", None)):
        assert shelf.door.v2.refused(method, path, body) == (404, "pricing_plan_component_not_found", None)


@pytest.mark.parametrize(
    ("kind", "made", "members", "code"),
    [
        ("license_fee", "fee", {"currency": "eur"}, "pricing_plan_component_currency_mismatch"),
        ("rate_card", "card", {"currency": "eur"}, "pricing_plan_component_currency_mismatch"),
        ("license_fee", "fee", {"tax_behavior": "inclusive"}, "pricing_plan_component_tax_behavior_mismatch"),
        ("rate_card", "card", {"tax_behavior": "inclusive"}, "pricing_plan_component_tax_behavior_mismatch"),
    ],
)
def test_what_does_not_agree_with_the_plan_is_refused(
    shelf: Shelf, plan: str, kind: str, made: str, members: dict, code: str
) -> None:
    thing = getattr(shelf, made)(**members)
    assert refused(shelf, plan, {"type": kind, kind: {"id": thing["id"]}}) == (400, code, None)
    assert components(shelf, plan) == []


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"type": "coupon"}, (400, "parameter_invalid", "type")),
        ({"type": "rate_card"}, (400, "parameter_missing", "rate_card")),
        (
            {"type": "rate_card", "rate_card": {"id": "x"}, "license_fee": {"id": "x"}},
            (400, "parameter_invalid", "license_fee"),
        ),
        ({"type": "rate_card", "rate_card": {"id": "x"}}, (404, "rate_card_not_found", "rate_card.id")),
        ({"type": "license_fee", "license_fee": {"id": "x"}}, (404, "license_fee_not_found", "license_fee.id")),
        (
            {"type": "service_action", "service_action": {"id": "x"}},
            (404, "service_action_not_found", "service_action.id"),
        ),
        (
            {"type": "license_fee", "license_fee": {"id": f"licf_test_{'0' * 32}"}},
            (404, "license_fee_not_found", "license_fee.id"),
        ),
        ({"type": "rate_card", "rate_card": {}}, (400, "parameter_missing", "rate_card.id")),
    ],
)
def test_a_component_names_what_is_there(shelf: Shelf, plan: str, body: dict, refusal: tuple) -> None:
    assert refused(shelf, plan, body) == refusal


@pytest.mark.parametrize(("kind", "made"), [("license_fee", "fee"), ("rate_card", "card")])
def test_a_component_names_a_version_that_is_there(shelf: Shelf, plan: str, kind: str, made: str) -> None:
    thing, other = getattr(shelf, made)(), getattr(shelf, made)()
    for version in ("nonsense", other["live_version"]):
        body = {"type": kind, kind: {"id": thing["id"], "version": version}}
        assert refused(shelf, plan, body) == (404, f"{kind}_version_not_found", f"{kind}.version")


def test_an_object_is_attached_once_and_a_lookup_key_given_once(shelf: Shelf, plan: str) -> None:
    fee = shelf.fee()["id"]
    shelf.attach(plan, "license_fee", fee, lookup_key="seats")
    again = {"type": "license_fee", "license_fee": {"id": fee}}
    assert refused(shelf, plan, again) == (400, "pricing_plan_component_already_exists", None)
    other = {"type": "license_fee", "license_fee": {"id": shelf.fee()["id"]}, "lookup_key": "seats"}
    assert refused(shelf, plan, other) == (400, "lookup_key_already_used", "lookup_key")


def test_usage_is_priced_once_in_a_plan(shelf: Shelf, plan: str) -> None:
    cards, meter = [shelf.card()["id"], shelf.card()["id"]], shelf.meter()
    for card in cards:
        shelf.rate(card, metered_item=shelf.metered(meter=meter)["id"])
    shelf.attach(plan, "rate_card", cards[0])
    again = {"type": "rate_card", "rate_card": {"id": cards[1]}}
    assert refused(shelf, plan, again) == (400, "pricing_plan_component_mismatched_configuration", None)


def test_a_rate_card_that_is_not_active_is_not_attached(shelf: Shelf, plan: str) -> None:
    card = shelf.card()["id"]
    shelf.door.v2.post(f"/billing/rate_cards/{card}", {"active": False})
    body = {"type": "rate_card", "rate_card": {"id": card}}
    assert refused(shelf, plan, body) == (400, "rate_card_inactive_error", None)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rate_card", "too_many_active_pricing_plan_rate_cards"),
        ("license_fee", "too_many_active_pricing_plan_components"),
    ],
)
def test_a_plan_has_so_many_components_and_no_more(
    shelf: Shelf, plan: str, monkeypatch: pytest.MonkeyPatch, kind: str, code: str
) -> None:
    make = shelf.card if kind == "rate_card" else shelf.fee
    monkeypatch.setitem(MOST_OF_KIND, KINDS[kind], 1)
    shelf.attach(plan, kind, make()["id"])
    assert refused(shelf, plan, {"type": kind, kind: {"id": make()["id"]}}) == (400, code, None)


def test_a_version_without_components_does_not_go_live(shelf: Shelf, plan: str) -> None:
    refusal = shelf.door.v2.refused("POST", f"{PATH}/{plan}", {"live_version": "latest"})
    assert refusal == (400, "pricing_plan_version_has_no_components", "live_version")


def test_an_older_version_can_be_live(shelf: Shelf, plan: str) -> None:
    older = shelf.attach(plan, "license_fee", shelf.fee()["id"])["pricing_plan_version"]
    newer = shelf.attach(plan, "license_fee", shelf.fee()["id"])["pricing_plan_version"]
    for version in (newer, older):
        assert shelf.door.v2.post(f"{PATH}/{plan}", {"live_version": version})["live_version"] == version
    other = versions(shelf, shelf.plan()["id"])[0]["id"]
    for version in (other, "nonsense"):
        refusal = shelf.door.v2.refused("POST", f"{PATH}/{plan}", {"live_version": version})
        assert refusal == (404, "pricing_plan_version_not_found", "live_version")
        refusal = shelf.door.v2.refused("GET", f"{PATH}/{plan}/versions/{version}")
        assert refusal == (404, "pricing_plan_version_not_found", None)


def test_a_plan_is_put_away_and_taken_out_as_it_was(shelf: Shelf, plan: str) -> None:
    shelf.attach(plan, "license_fee", shelf.fee()["id"])
    live = shelf.door.v2.post(f"{PATH}/{plan}", {"live_version": "latest", "lookup_key": "away"})
    away = shelf.door.v2.post(f"{PATH}/{plan}", {"active": False})
    assert away == {**live, "active": False} == shelf.door.v2.post(f"{PATH}/{plan}", {"active": False})
    fee = {"type": "license_fee", "license_fee": {"id": shelf.fee()["id"]}}
    assert refused(shelf, plan, fee) == (400, "pricing_plan_inactive", None)
    change = {"display_name": "Other"}
    assert shelf.door.v2.refused("POST", f"{PATH}/{plan}", change) == (400, "pricing_plan_inactive", None)
    for query, found in (("active=false", [plan]), ("active=true", [])):
        listed = shelf.door.v2.get(f"{PATH}?lookup_keys=away&{query}")["data"]
        assert [one["id"] for one in listed] == found
    assert shelf.door.v2.post(f"{PATH}/{plan}", {"active": True, **change}) == {**live, **change}


def test_a_plan_that_was_never_live_is_put_away_as_well(shelf: Shelf, plan: str) -> None:
    assert shelf.door.v2.post(f"{PATH}/{plan}", {"active": False})["active"] is False
    assert shelf.door.v2.post(f"{PATH}/{plan}", {"active": True})["live_version"] is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"display_name": "x" * 251}, (400, "display_name_too_long", "display_name")),
        ({"display_name": None}, (400, "parameter_invalid_empty", "display_name")),
        ({"description": "x" * 501}, (400, "description_too_long", "description")),
        ({"lookup_key": "taken"}, (400, "lookup_key_already_used", "lookup_key")),
        ({"metadata": {"k": "v" * 501}}, (400, "parameter_invalid", "metadata")),
    ],
)
def test_bad_input_changes_nothing(shelf: Shelf, plan: str, change: dict, refusal: tuple) -> None:
    shelf.door.v2.call("POST", PATH, {"display_name": "x", **PRICED, "lookup_key": "taken"})
    before = shelf.door.v2.get(f"{PATH}/{plan}")
    assert shelf.door.v2.refused("POST", f"{PATH}/{plan}", change) == refusal
    assert shelf.door.v2.get(f"{PATH}/{plan}") == before
    assert shelf.door.v2.refused("POST", PATH, {"display_name": "x", **PRICED, **change}) == refusal


def test_a_plan_is_made_in_a_currency_that_there_is(shelf: Shelf) -> None:
    body = {"display_name": "x", "currency": "xyz", "tax_behavior": "exclusive"}
    assert shelf.door.v2.refused("POST", PATH, body) == (400, "product_catalog_unsupported_currency", "currency")


@pytest.mark.parametrize("missing", ["bpp_test_0", "nonsense", "bpp_test_" + "0" * 32])
def test_a_plan_that_is_not_there_is_not_found(shelf: Shelf, missing: str) -> None:
    path = f"{PATH}/{missing}"
    calls = [("GET", "", None), ("POST", "", {}), ("GET", "/versions", None), ("GET", "/components", None)]
    for method, rest, body in calls:
        assert shelf.door.v2.refused(method, path + rest, body) == (404, "pricing_plan_not_found", None)


def test_plans_of_other_doors_are_shown_with_their_keys(shelf: Shelf) -> None:
    create_elsewhere(shelf.door.engine, key="made_elsewhere", name="Made elsewhere")
    found = shelf.door.v2.get(f"{PATH}/made_elsewhere")
    assert (found["id"], found["display_name"], found["live_version"]) == ("made_elsewhere", "Made elsewhere", None)
    assert "made_elsewhere" in [one["id"] for one in shelf.door.v2.pages(f"{PATH}?limit=50")]
