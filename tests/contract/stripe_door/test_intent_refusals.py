"""What billing intents and subscriptions are refused for, with the codes that are published for it.

Every code of Stripe's own list is in one of two tables, or in that of those that can't come up here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, made, sell, subscribe
from tests.contract.stripe_door.refusals import ACTIONS, CARDS, INTENTS, NOBODY, World, deactivate
from tests.contract.stripe_door.refused_requests import REQUESTS, Patch

# Stripe API reference, Billing intents: the errors of create, retrieve, reserve, commit, release, cancel and actions,
# as the OpenAPI description of the preview lists them.
PUBLISHED = frozenset(
    """
    amount_too_large amount_too_small apply_discount_with_multiple_active_or_pending_subscriptions
    bill_settings_not_found bill_settings_version_not_found billing_cadence_canceled billing_cadence_inactive
    billing_cadence_not_found billing_intent_action_not_found billing_intent_expired billing_intent_not_found
    cadence_currency_mismatch collect_at_invalid_for_v1_subscription collection_settings_not_found
    collection_settings_version_not_found component_configuration_invalid concurrent_actions_not_allowed
    coupon_not_found coupon_not_redeemable currency_mismatch custom_pricing_unit_not_found customer_not_found
    discount_not_found duplicate_actions_not_allowed duplicate_component_configuration invalid_applicability_config
    invalid_billing_cycle_dates invalid_custom_pricing_unit_overage_rate invalid_customer invalid_discount_percent_off
    invalid_effective_at_timestamp invalid_max_spend_amount invalid_modify_proration_behavior invalid_pricing_plan
    invalid_status_for_cancel invalid_status_for_commit invalid_status_for_release invalid_status_for_reserve
    license_fee_currency_mismatch license_fee_servicing_interval_exceeds_billing_interval
    manual_configuration_inactive manual_tax_configuration_not_found missing_discount_function
    missing_pricing_plan_live_version month_of_year_not_supported_for_interval_count partial_period_behavior_overlap
    payment_intent_amount_invalid payment_intent_customer_invalid payment_intent_not_found
    payment_intent_status_invalid payment_not_required payment_not_required_for_send_invoice payment_record_not_found
    payment_required_to_commit price_currency_mismatch_with_billing_intent
    price_interval_mismatch_billing_cadence_cycle_interval price_not_found pricing_plan_component_not_found
    pricing_plan_currency_mismatch pricing_plan_inactive pricing_plan_not_found
    pricing_plan_subscription_already_exists pricing_plan_subscription_not_found
    pricing_plan_subscriptions_already_reserved pricing_plan_version_not_found product_catalog_unsupported_currency
    promotion_code_not_found promotion_code_not_redeemable rate_card_subscription_already_exists require_cadence
    require_cadence_or_data servicing_interval_exceeds_billing_interval spend_modifier_not_found
    too_many_active_pricing_plan_subscriptions too_many_active_rate_card_subscriptions too_many_billing_intent_actions
    too_many_unused_credit_grants unpriced_rate_card unsupported_coupon_duration unsupported_coupon_type
    """.split()
)
# What they are about there is not here; the reference says why.
NEVER = frozenset(
    """
    amount_too_small apply_discount_with_multiple_active_or_pending_subscriptions invalid_applicability_config
    license_fee_currency_mismatch manual_configuration_inactive manual_tax_configuration_not_found
    payment_record_not_found price_currency_mismatch_with_billing_intent
    price_interval_mismatch_billing_cadence_cycle_interval price_not_found promotion_code_not_redeemable
    """.split()
)
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "stripe.md"


@pytest.fixture(scope="module")
def world(door: Door) -> World:
    """The world."""
    return World(door)


@pytest.mark.parametrize(("code", "status", "actions"), ACTIONS)
def test_an_intent_is_refused_and_nothing_is_written_down(world: World, code: str, status: int, actions: Any) -> None:
    before = world.door.v2.get(INTENTS)["data"]
    body = {"currency": "usd", "cadence": world.cadence, "actions": actions(world)}
    assert world.door.v2.refused("POST", INTENTS, body)[:2] == (status, code)
    assert world.door.v2.get(INTENTS)["data"] == before


@pytest.mark.parametrize(("code", "status", "request_of"), REQUESTS)
def test_a_request_is_refused_with_its_code(
    world: World, monkeypatch: Patch, code: str, status: int, request_of: Any
) -> None:
    assert world.door.v2.refused(*request_of(world, monkeypatch))[:2] == (status, code)


def test_all_published_codes_but_eleven_come_up_and_the_reference_names_those_that_do_not() -> None:
    raised = {code for code, _, _ in (*ACTIONS, *REQUESTS)}
    assert PUBLISHED - raised == NEVER
    assert len(PUBLISHED & raised) >= 60
    reference = REFERENCE.read_text(encoding="utf-8")
    assert [code for code in sorted(NEVER) if f"`{code}`" not in reference] == []


def test_an_action_about_what_has_ended_is_refused(world: World) -> None:
    door = world.door
    (ended,) = made(door, world.cadence, subscribe(world.draft))
    made(door, world.cadence, deactivate(str(ended)))
    body = {"currency": "usd", "cadence": world.cadence, "actions": [deactivate(str(ended))]}
    assert door.v2.refused("POST", INTENTS, body)[:2] == (400, "pricing_plan_subscription_canceled")


def test_rate_card_subscriptions_are_refused_with_their_codes(world: World) -> None:
    door = world.door
    cards = sell(door, calls=5)
    owner = customer(door)
    bills_at = cadence(door, owner)
    new = {"billing_cadence": bills_at, "rate_card": cards.card}
    refusals = [
        ("rate_card_not_found", {**new, "rate_card": "rcd_test_" + NOBODY}),
        ("rate_card_not_found", {**new, "rate_card": "x"}),
        ("rate_card_version_not_found", {**new, "rate_card_version": "rcdv_test_" + NOBODY}),
        ("billing_cadence_not_found", {**new, "billing_cadence": "bc_test_" + NOBODY}),
        ("unpriced_rate_card", {**new, "rate_card": world.unpriced.card}),
    ]
    found = [(code, door.v2.refused("POST", CARDS, body)[1]) for code, body in refusals]
    assert [one for one in found if one[0] != one[1]] == []
    alone = door.v2.post(CARDS, new)
    assert door.v2.refused("POST", CARDS, new)[1] == "rate_card_subscription_already_exists"
    door.v2.post(f"{CARDS}/{alone['id']}/cancel", {})
    for verb, body in (("/cancel", {}), ("", {"metadata": {"a": "b"}})):
        code = f"invalid_rate_card_subscription_status_for_{'cancel' if verb else 'update'}"
        assert door.v2.refused("POST", f"{CARDS}/{alone['id']}{verb}", body)[:2] == (400, code)
    nobody = f"{CARDS}/rcds_test_{NOBODY}{NOBODY}"
    assert door.v2.refused("GET", nobody)[:2] == (404, "rate_card_subscription_not_found")
    assert door.v2.refused("GET", "/billing/license_fee_subscriptions/x")[1] == "license_fee_subscription_not_found"
