"""Plans at the Konnect door: drafts that may be wrong, publication, versions, and plans that were made elsewhere."""

from __future__ import annotations

import pytest

from billing_sdk.server.ids import ulid_of
from billing_sdk.server.pages.pricing import card_of
from billing_sdk.server.words import languages_in
from tests.contract.konnect.door import door_of, fee, metered, phase, plan, sold, usage


@pytest.fixture
def door(memory_engine):
    with door_of(memory_engine) as opened:
        yield opened


@pytest.fixture
def feature_id(door):
    return metered(door.engine)


def codes(told):
    return [(one["code"], one["field"]) for one in told.get("validation_errors", ())]


def test_a_plan_begins_as_a_draft_and_says_again_what_was_sent(door, feature_id):
    trial = phase(key="trial", name="Trial", duration="P2M")
    cards = (fee("29.00", description="Every month"), usage(feature_id, "0.0002", labels={"team": "a"}))
    made = door.made("/plans", plan("pro", trial, phase(*cards), labels={"tier": "1"}, description="For pros"))

    assert (made["status"], made["version"], made["labels"], made["description"]) == (
        "draft",
        1,
        {"tier": "1"},
        "For pros",
    )
    assert made["phases"][0] == {"key": "trial", "name": "Trial", "duration": "P2M", "rate_cards": []}
    base, calls = made["phases"][1]["rate_cards"]
    assert base == fee("29", description="Every month")
    assert calls == usage(feature_id, "0.0002", labels={"team": "a"})
    assert "validation_errors" not in made
    assert door.got(f"/plans/{made['id']}") == made


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"key": "other"}, "rate_card_key_feature_key_mismatch", "key"),
        ({"feature": None}, "usage_based_price_with_no_feature", "feature"),
        ({"feature": {"id": "0" * 26}}, "rate_card_feature_not_found", "feature.id"),
        ({"billing_cadence": "P2M"}, "rate_card_billing_cadence_unaligned", "billing_cadence"),
        ({"billing_cadence": "PT12H"}, "billing_cadence_invalid_value", "billing_cadence"),
        ({"payment_term": "in_advance"}, "usage_based_price_in_advance", "payment_term"),
        ({"entitlement": {"type": "metered", "limit": 1.5}}, "entitlement_limit_invalid_value", "entitlement.limit"),
        ({"entitlement": {"type": "static", "config": {}}}, "static_entitlement_with_metered_feature", "entitlement"),
        ({"price": {"type": "unit", "amount": "-1"}}, "invalid_amount", "price"),
        ({"price": {"type": "volume", "tiers": [{}]}}, "invalid_tiers", "price"),
        ({"price": {"type": "graduated", "tiers": [{"up_to_amount": "5"}]}}, "invalid_tiers", "price"),
        ({"discounts": {"usage": "-1"}}, "usage_discount_negative_quantity", "discounts"),
        ({"commitments": {"minimum_amount": "5", "maximum_amount": "4"}}, "invalid_price", "commitments"),
        ({"unit_config": {"operation": "divide", "conversion_factor": "0"}}, "invalid_price", "unit_config"),
        ({"tax_config": {"code": {"id": "0" * 26}}}, "tax_code_not_found", "tax_config.code.id"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_and_keeps_it_from_being_published(door, feature_id, change, code, field):
    card = {name: value for name, value in (usage(feature_id) | change).items() if value is not None}
    draft = door.made("/plans", plan("pro", phase(card)))
    assert (code, f"phases.0.rate_cards.0.{field}") in codes(draft)

    refused = door.call("POST", f"/plans/{draft['id']}/publish")
    assert refused.status == 400
    assert f"phases.0.rate_cards.0.{field}" in refused.fields
    assert door.got(f"/plans/{draft['id']}")["status"] == "draft"


def test_a_flat_price_has_no_usage(door):
    card = fee("5", discounts={"usage": "1"}, commitments={"minimum_amount": "1"}, entitlement={"type": "boolean"})
    draft = door.made("/plans", plan("pro", phase(card, card)))
    assert {code for code, _ in codes(draft)} == {
        "usage_discount_with_flat_price",
        "commitments_with_flat_price",
        "entitlement_template_with_no_feature",
        "rate_card_duplicated_key",
    }


def test_phases_follow_each_other_in_whole_billing_periods_and_the_last_has_no_end(door):
    phases = (
        phase(fee("1"), key="a", duration="P10D"),
        phase(fee("1"), key="a"),
        phase(fee("1"), key="b", duration="P1M"),
    )
    assert codes(door.made("/plans", plan("pro", *phases))) == [
        ("plan_phase_duplicated_key", "phases.0.key"),
        ("plan_phase_duration_unaligned", "phases.0.duration"),
        ("plan_phase_duplicated_key", "phases.1.key"),
        ("plan_phase_without_duration", "phases.1.duration"),
        ("plan_phase_last_with_duration", "phases.2.duration"),
    ]


def test_a_draft_is_mended_and_keeps_its_id_and_number(door, feature_id):
    draft = door.made("/plans", plan("pro", phase(usage(feature_id, key="other"))))
    fields = {"name": "Better", "phases": [phase(usage(feature_id))], "pro_rating_enabled": False}
    mended = door.call("PUT", f"/plans/{draft['id']}", fields).body

    assert (mended["id"], mended["version"], mended["name"]) == (draft["id"], 1, "Better")
    assert (mended["currency"], mended["billing_cadence"], mended["pro_rating_enabled"]) == ("USD", "P1M", False)
    assert codes(mended) == []
    assert door.made(f"/plans/{draft['id']}/publish", status=200)["status"] == "active"


def test_only_drafts_change(door):
    active = sold(door, "pro", phase(fee("29")))
    fields = {"name": "Other", "phases": [phase(fee("1"))]}
    assert door.call("PUT", f"/plans/{active['id']}", fields).status == 409
    assert door.call("POST", f"/plans/{active['id']}/publish").status == 409
    assert door.call("DELETE", f"/plans/{active['id']}").status == 409
    assert door.got(f"/plans/{active['id']}") == active


def test_another_version_takes_the_place_of_the_one_before(door):
    first = sold(door, "pro", phase(fee("29")))
    second = door.made("/plans", plan("pro", phase(fee("39"))))
    assert (second["version"], second["status"]) == (2, "draft")
    assert door.got(f"/plans/{first['id']}")["status"] == "active"

    door.made(f"/plans/{second['id']}/publish", status=200)
    before, after = door.got(f"/plans/{first['id']}"), door.got(f"/plans/{second['id']}")
    assert (before["status"], after["status"]) == ("archived", "active")
    assert before["effective_to"] == after["effective_from"]
    assert "effective_to" not in after


def test_an_archived_plan_is_sold_no_more_and_can_be_deleted(door):
    active = sold(door, "pro", phase(fee("29")))
    archived = door.made(f"/plans/{active['id']}/archive", status=200)
    assert archived["status"] == "archived"
    assert archived["effective_to"]
    assert door.call("POST", f"/plans/{active['id']}/archive").status == 409
    assert door.call("DELETE", f"/plans/{active['id']}").status == 204
    assert door.got(f"/plans/{active['id']}")["deleted_at"]
    assert door.call("DELETE", f"/plans/{active['id']}").status == 410


def test_a_deleted_draft_is_still_shown_and_frees_its_key(door):
    draft = door.made("/plans", plan("pro", phase(fee("29"))))
    assert door.call("POST", f"/plans/{draft['id']}/archive").status == 409
    assert door.call("DELETE", f"/plans/{draft['id']}").status == 204
    shown = door.got(f"/plans/{draft['id']}")
    assert shown["deleted_at"]
    assert shown["phases"] == draft["phases"]
    assert door.call("PUT", f"/plans/{draft['id']}", {"name": "A", "phases": [phase()]}).status == 410
    assert draft["id"] not in [one["id"] for one in door.got("/plans?page[size]=100")["data"]]
    assert door.made("/plans", plan("pro", phase(fee("29"))))["version"] == 1


def test_plans_of_other_doors_are_there_with_what_can_be_said_of_them(door):
    with door.engine.read() as tx:
        version = tx.catalog.get_plan("enterprise_monthly").version
    shown = door.got(f"/plans/{ulid_of(version.id)}")
    assert (shown["key"], shown["status"], shown["billing_cadence"]) == ("enterprise_monthly", "active", "P1M")
    cards = {card["key"]: card for card in shown["phases"][0]["rate_cards"]}
    assert cards["base_price"]["price"] == {"type": "flat", "amount": "99"}
    assert cards["ai_tokens"]["price"] == {"type": "unit", "amount": "0.0002"}
    assert cards["priority_support"]["entitlement"] == {"type": "boolean"}


def test_a_plan_in_a_currency_that_is_not_the_default_one_can_be_published(door):
    draft = door.made("/plans", plan("pro", phase(fee("2900", key="base")), currency="JPY"))
    active = door.made(f"/plans/{draft['id']}/publish", status=200)
    assert active["phases"][0]["rate_cards"][0]["price"]["amount"] == "2900"
    with door.engine.read() as tx:
        assert str(tx.catalog.get_plan("pro").version.price) == "2,900 JPY"


def test_a_plan_of_this_door_is_sold_on_pages_with_its_phases_and_what_is_charged_once(door, feature_id):
    setup = {"key": "setup", "name": "Set-up", "price": {"type": "flat", "amount": "99"}}
    sold(door, "pro", phase(key="trial", duration="P1M"), phase(fee("29"), setup, usage(feature_id)))
    with door.engine.read() as tx:
        plan = tx.catalog.get_plan("pro")
        shown = card_of(tx, plan, plan.version)
    say = languages_in().best(["en"]).say
    assert (str(shown.price), [say(line) for line in shown.openings]) == ("29.00 USD", ["first billing period: Free"])
    assert "US$99.00 once for Set-up" in [say(line) for line in shown.usage_prices]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("filter[key]=pro", ["pro", "pro"]),
        ("filter[key][contains]=PRO&filter[status]=draft", ["pro"]),
        ("filter[status][oeq]=draft,archived&sort=version desc", ["pro", "beta"]),
        ("filter[currency]=EUR", ["beta"]),
        ("filter[name][contains]=bet", ["beta"]),
        ("filter[key][oeq]=pro,beta&sort=key&page[size]=2&page[number]=2", ["pro"]),
    ],
)
def test_plans_are_filtered_sorted_and_cut_into_pages(door, query, keys):
    sold(door, "pro", phase(fee("29")))
    door.made("/plans", plan("pro", phase(fee("39"))))
    door.made("/plans", plan("beta", phase(fee("1")), currency="EUR"))
    assert [one["key"] for one in door.got(f"/plans?{query}")["data"]] == keys


def test_a_key_that_is_an_add_on_is_no_plan(door):
    door.made("/plans", plan("pro", phase(fee("29"))))
    body = {"key": "pro", "name": "Pro", "instance_type": "single", "currency": "USD", "rate_cards": [fee("1")]}
    assert door.call("POST", "/addons", body).status == 409


def test_everything_that_no_plan_can_be_is_refused_at_once(door):
    body = plan("Bad Key", phase(fee("1e5"), {"key": "x", "name": "X", "price": {"type": "fast"}}), colour="red")
    told = door.call("POST", "/plans", body)
    assert told.status == 400
    assert set(told.fields) == {
        "key",
        "colour",
        "phases.0.rate_cards.0.price.amount",
        "phases.0.rate_cards.1.price",
    }
    assert door.call("POST", "/plans", plan("pro", phase(), currency="XXX")).fields == ["currency"]
