"""Add-ons at the Konnect door, beside plans and subscriptions."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidQuantity
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.set_add_on import add_add_on, set_add_on
from tests.contract.konnect.door import door_of, fee, metered, phase, plan, sold, usage, with_card


@pytest.fixture
def door(memory_engine):
    with door_of(memory_engine) as opened:
        yield opened


def body(key="extra", *cards, **more):
    usual = {"key": key, "name": key.title(), "instance_type": "multiple", "currency": "USD"}
    return {**usual, "rate_cards": [*cards] or [fee("5", key="seat")], **more}


@pytest.fixture
def extra(door):
    draft = door.made("/addons", body())
    return door.made(f"/addons/{draft['id']}/publish", status=200)


def test_an_add_on_is_a_draft_that_is_mended_published_and_archived(door):
    draft = door.made("/addons", body("extra", instance_type="multiple"))
    fields = {"name": "Extra", "instance_type": "single", "rate_cards": [fee("6", key="seat")]}
    mended = door.call("PUT", f"/addons/{draft['id']}", fields).body
    assert (mended["instance_type"], mended["rate_cards"]) == ("single", [fee("6", key="seat")])
    assert door.made(f"/addons/{draft['id']}/publish", status=200)["status"] == "active"
    assert door.call("PUT", f"/addons/{draft['id']}", fields).status == 409
    assert door.made(f"/addons/{draft['id']}/archive", status=200)["status"] == "archived"


def test_what_is_taken_several_times_has_flat_prices(door):
    draft = door.made("/addons", body("extra", usage(metered(door.engine))))
    assert [one["code"] for one in draft["validation_errors"]] == ["addon_invalid_ratecard_price_for_multi_instance"]
    assert door.call("POST", f"/addons/{draft['id']}/publish").fields == ["rate_cards.0.price"]
    assert door.call("DELETE", f"/addons/{draft['id']}").status == 204
    assert door.got(f"/addons/{draft['id']}")["deleted_at"]


def test_add_ons_are_listed_apart_from_plans(door, extra):
    door.made("/addons", body("more"))
    assert [one["key"] for one in door.got("/addons?filter[status]=draft")["data"]] == ["more"]
    assert [one["id"] for one in door.got(f"/addons?filter[id]={extra['id']}")["data"]] == [extra["id"]]
    assert door.call("GET", f"/plans/{extra['id']}").status == 404


def test_an_add_on_is_offered_with_a_plan_from_a_phase_on(door, extra):
    pro = sold(door, "pro", phase(key="trial", duration="P1M"), phase(fee("29")))
    path, asked = f"/plans/{pro['id']}/addons", {"addon": {"id": extra["id"]}, "from_plan_phase": "default"}
    made = door.made(path, {"name": "Extra", **asked, "max_quantity": 3})
    assert (made["addon"], made["max_quantity"]) == ({"id": extra["id"]}, 3)
    assert door.got(path)["data"] == [made]
    assert door.call("POST", path, {"name": "Again", **asked}).status == 409

    one = f"{path}/{made['id']}"
    changed = door.call("PUT", one, {"name": "Sooner", "from_plan_phase": "trial"}).body
    assert (changed["name"], changed["from_plan_phase"], "max_quantity" in changed) == ("Sooner", "trial", False)
    assert door.got(one) == changed
    assert door.call("DELETE", one).status == 204
    assert door.call("GET", one).status == 404
    assert door.got(path)["data"] == []


def test_an_add_on_that_does_not_fit_a_plan_is_refused(door, extra):
    path = f"/plans/{door.made('/plans', plan('pro', phase(fee('29'))))['id']}/addons"
    asked = {"name": "Extra", "addon": {"id": extra["id"]}, "from_plan_phase": "default"}
    assert door.call("POST", path, asked | {"from_plan_phase": "later"}).fields == ["from_plan_phase"]
    euros = door.made("/addons", body("euros", currency="EUR"))
    assert door.call("POST", path, asked | {"addon": {"id": euros["id"]}}).fields == ["addon.id"]
    single = door.made("/addons", body("single", instance_type="single"))
    assert door.call("POST", path, asked | {"addon": {"id": single["id"]}, "max_quantity": 2}).fields == [
        "max_quantity"
    ]
    assert door.call("POST", path, asked | {"addon": {"id": "0" * 26}}).status == 404
    assert door.call("GET", f"/plans/{'0' * 26}/addons").status == 404


def test_no_more_of_an_add_on_is_had_than_the_plan_or_its_kind_allows(door, extra):
    pro = sold(door, "pro", phase(fee("29")))
    asked = {"name": "Extra", "addon": {"id": extra["id"]}, "from_plan_phase": "default", "max_quantity": 2}
    door.made(f"/plans/{pro['id']}/addons", asked)
    once = door.made("/addons", body("once", instance_type="single"))
    door.made(f"/addons/{once['id']}/publish", status=200)
    with_card(door)
    made = door.made("/subscriptions", {"customer": {"key": "acme"}, "plan": {"key": "pro"}})
    agreement_id = id_from_ulid("agreement", made["id"])

    for key, quantity in (("extra", 3), ("once", 2)):
        with pytest.raises(InvalidQuantity):
            add_add_on(door.engine, agreement_id=agreement_id, plan_key=key, quantity=quantity)
    add_add_on(door.engine, agreement_id=agreement_id, plan_key="extra", quantity=2)
    with pytest.raises(InvalidQuantity):
        set_add_on(door.engine, agreement_id=agreement_id, plan_key="extra", quantity=3)


def test_the_add_ons_of_a_subscription_tell_how_many_there_were_and_when(door, extra):
    sold(door, "pro", phase(fee("29")))
    with_card(door)
    made = door.made("/subscriptions", {"customer": {"key": "acme"}, "plan": {"key": "pro"}})
    agreement_id = id_from_ulid("agreement", made["id"])
    add_add_on(door.engine, agreement_id=agreement_id, plan_key="extra", quantity=2)
    path = f"/subscriptions/{made['id']}/addons"
    (shown,) = door.got(f"{path}?sort=created_at desc")["data"]
    assert (shown["name"], shown["quantity"], shown["addon"]) == ("Extra", 2, {"id": extra["id"]})
    assert [one["quantity"] for one in shown["timeline"]] == [2]
    assert shown["rate_cards"][0]["rate_card"] == fee("5", key="seat")
    assert door.got(f"{path}/{shown['id']}") == shown
    assert door.call("GET", f"{path}/{'0' * 26}").status == 404
