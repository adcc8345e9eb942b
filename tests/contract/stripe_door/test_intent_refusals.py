"""What billing intents and subscriptions are refused for, with the codes that are published for it."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk.money import Money
from billing_sdk.server.api.stripe.ids import ours, shown
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases import draft_intent
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.billing_cadences import cancel_cadence
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.payment_intents import create_payment_intent
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, intent, made, sell, subscribe
from tests.engines import advance

DETAILS = "pricing_plan_subscription_details"
INTENTS = "/billing/intents"
CARDS = "/billing/rate_card_subscriptions"
NOBODY = 32 * "0"
LONG = Cadence("year")


class World:
    """A customer with a subscription, and plans of all sorts, that no test changes."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.owner = customer(door)
        self.cadence = cadence(door, self.owner)
        self.plan, self.other = sell(door), sell(door)
        self.yearly, self.euros = sell(door, service=LONG), sell(door, currency="EUR")
        self.unpriced = sell(door, calls=5, is_priced=False)
        self.draft = sell(door, is_live=False)
        self.archived = sell(door)
        archive_plan(door.engine, plan_key=self.archived.id)
        self.empty = create_pricing_plan(door.engine, name="Empty", currency="USD", tax_behavior="exclusive")
        (subscription,) = made(door, self.cadence, subscribe(self.plan))
        self.subscription = str(subscription)


@pytest.fixture(scope="module")
def world(door: Door) -> World:
    """The world."""
    return World(door)


def with_details(action: dict[str, Any], **details: Any) -> dict[str, Any]:
    """Return an action with other details."""
    kind = action["type"]
    given = {name: value for name, value in {**action[kind][DETAILS], **details}.items() if value is not ...}
    return {**action, kind: {**action[kind], DETAILS: given}}


def modify(world: World, **details: Any) -> dict[str, Any]:
    """Return the action that modifies the subscription."""
    return {
        "type": "modify",
        "modify": {"type": DETAILS, DETAILS: {"pricing_plan_subscription": world.subscription, **details}},
    }


def deactivate(subscription: str, when: Any = "on_reserve") -> dict[str, Any]:
    """Return the action that ends a subscription."""
    act = {"type": DETAILS, "effective_at": when, DETAILS: {"pricing_plan_subscription": subscription}}
    return {"type": "deactivate", "deactivate": act}


def fees(credit: str, debit: str) -> dict[str, Any]:
    """Return what becomes of licence fees."""
    behavior = {"credit_proration_behavior": credit, "debit_proration_behavior": debit}
    return {"type": "license_fee", "license_fee": behavior}


def seats(*quantities: Any, key: str = "seat") -> list[dict[str, Any]]:
    """Return configurations of the licence fee."""
    return [{"lookup_key": key, "quantity": one} for one in quantities]


def version_of(world: World, plan_key: str) -> str:
    """Return the latest version of a plan."""
    with world.door.engine.read() as tx:
        plan = tx.catalog.find_plan(plan_key)
    assert plan is not None
    return shown("pricing_plan_version", plan.latest_version_id, is_live=False)


# The name of the code, and the actions that are refused with it.
ACTIONS: list[tuple[str, int, Any]] = [
    ("pricing_plan_not_found", 404, lambda w: [with_details(subscribe(w.other), pricing_plan="bpp_test_" + NOBODY)]),
    (
        "pricing_plan_version_not_found",
        404,
        lambda w: [with_details(subscribe(w.other), pricing_plan_version="bppv_test_" + NOBODY)],
    ),
    (
        "pricing_plan_version_not_found",
        404,
        lambda w: [with_details(subscribe(w.other), pricing_plan_version=w.plan.version)],
    ),
    ("pricing_plan_inactive", 400, lambda w: [subscribe(w.archived)]),
    (
        "missing_pricing_plan_live_version",
        400,
        lambda w: [with_details(subscribe(w.draft), pricing_plan_version=...)],
    ),
    (
        "invalid_pricing_plan",
        400,
        lambda w: [
            with_details(
                subscribe(w.other),
                pricing_plan=w.empty.key,
                pricing_plan_version=version_of(w, w.empty.key),
                component_configurations=[],
            )
        ],
    ),
    ("pricing_plan_currency_mismatch", 400, lambda w: [subscribe(w.euros)]),
    ("license_fee_servicing_interval_exceeds_billing_interval", 400, lambda w: [subscribe(w.yearly)]),
    ("unpriced_rate_card", 400, lambda w: [subscribe(w.unpriced)]),
    ("pricing_plan_subscription_already_exists", 400, lambda w: [subscribe(w.plan)]),
    ("duplicate_actions_not_allowed", 400, lambda w: [subscribe(w.other), subscribe(w.other)]),
    (
        "concurrent_actions_not_allowed",
        400,
        lambda w: [deactivate(w.subscription), modify(w, component_configurations=seats(2))],
    ),
    ("too_many_billing_intent_actions", 400, lambda w: 21 * [subscribe(w.other)]),
    ("parameter_invalid_empty", 400, lambda w: []),
    (
        "component_configuration_invalid",
        400,
        lambda w: [with_details(subscribe(w.other), component_configurations=seats(1, key="nobody"))],
    ),
    (
        "component_configuration_invalid",
        400,
        lambda w: [with_details(subscribe(w.other), component_configurations=seats(0))],
    ),
    (
        "component_configuration_invalid",
        400,
        lambda w: [with_details(subscribe(w.other), component_configurations=[{"quantity": 1}])],
    ),
    (
        "duplicate_component_configuration",
        400,
        lambda w: [with_details(subscribe(w.other), component_configurations=seats(1, 2))],
    ),
    (
        "partial_period_behavior_overlap",
        400,
        lambda w: [
            modify(w, overrides={"partial_period_behaviors": 2 * [fees("prorated", "prorated")]}),
        ],
    ),
    (
        "invalid_modify_proration_behavior",
        400,
        lambda w: [
            modify(
                w,
                component_configurations=seats(2),
                overrides={"partial_period_behaviors": [fees("none", "prorated")]},
            )
        ],
    ),
    ("pricing_plan_subscription_not_found", 404, lambda w: [deactivate("bpps_test_" + NOBODY)]),
    (
        "pricing_plan_subscription_not_found",
        404,
        lambda w: [modify(w, pricing_plan_subscription="bpps_test_" + NOBODY)],
    ),
    (
        "invalid_effective_at_timestamp",
        400,
        lambda w: [deactivate(w.subscription, {"type": "timestamp", "timestamp": "2099-01-01T00:00:00Z"})],
    ),
    ("invalid_effective_at_timestamp", 400, lambda w: [deactivate(w.subscription, "timestamp")]),
    ("invalid_effective_at_timestamp", 400, lambda w: [deactivate(w.subscription, "next_billing_period_start")]),
    (
        "discount_not_found",
        404,
        lambda w: [
            {
                "type": "remove",
                "remove": {"type": "invoice_discount_rule", "invoice_discount_rule": "bidr_test_" + NOBODY},
            }
        ],
    ),
    (
        "coupon_not_found",
        404,
        lambda w: [
            {"type": "apply", "apply": {"type": "discount", "discount": {"type": "coupon", "coupon": "nobody"}}}
        ],
    ),
    (
        "promotion_code_not_found",
        404,
        lambda w: [
            {
                "type": "apply",
                "apply": {"type": "discount", "discount": {"type": "promotion_code", "promotion_code": "nobody"}},
            }
        ],
    ),
    (
        "unsupported_action",
        400,
        lambda w: [
            {"type": "subscribe", "subscribe": {"type": "v1_subscription_details", "v1_subscription_details": {}}}
        ],
    ),
    ("parameter_missing", 400, lambda w: [{"type": "subscribe", "deactivate": None}]),
]


@pytest.mark.parametrize(("code", "status", "actions"), ACTIONS)
def test_an_intent_is_refused_and_nothing_is_written_down(world: World, code: str, status: int, actions: Any) -> None:
    before = world.door.v2.get(INTENTS)["data"]
    body = {"currency": "usd", "cadence": world.cadence, "actions": actions(world)}
    assert world.door.v2.refused("POST", INTENTS, body)[:2] == (status, code)
    assert world.door.v2.get(INTENTS)["data"] == before


BODIES: list[tuple[str, int, Any]] = [
    ("billing_cadence_not_found", 404, {"cadence": "bc_test_" + NOBODY}),
    ("billing_cadence_not_found", 404, {"cadence": "cus_x"}),
    ("cadence_currency_mismatch", 400, {"currency": "eur"}),
    ("currency", 400, {"currency": "euro"}),
    ("parameter_missing", 400, {"cadence": None}),
    ("parameter_unknown", 400, {"nobody": 1}),
]


@pytest.mark.parametrize(("code", "status", "members"), BODIES)
def test_a_body_is_refused(world: World, code: str, status: int, members: dict[str, Any]) -> None:
    body = {"currency": "usd", "cadence": world.cadence, "actions": [subscribe(world.other)], **members}
    told, published, _ = world.door.v2.refused("POST", INTENTS, body)
    assert told == status
    assert published == code or code == "currency"


def test_a_cadence_that_is_canceled_or_bills_too_much_takes_no_more(world: World, monkeypatch: Any) -> None:
    door = world.door
    ended = cadence(door, world.owner)
    cancel_cadence(door.engine, ours("billing_cadence", ended))
    body = {"currency": "usd", "cadence": ended, "actions": [subscribe(world.other)]}
    assert door.v2.refused("POST", INTENTS, body)[:2] == (400, "billing_cadence_canceled")
    monkeypatch.setattr(draft_intent, "MOST_SUBSCRIPTIONS", 1)
    full = {**body, "cadence": world.cadence}
    assert door.v2.refused("POST", INTENTS, full)[:2] == (400, "too_many_active_pricing_plan_subscriptions")


def test_an_action_about_what_has_ended_is_refused(world: World) -> None:
    door = world.door
    (ended,) = made(door, world.cadence, subscribe(world.draft))
    made(door, world.cadence, deactivate(str(ended)))
    body = {"currency": "usd", "cadence": world.cadence, "actions": [deactivate(str(ended))]}
    assert door.v2.refused("POST", INTENTS, body)[:2] == (400, "pricing_plan_subscription_canceled")


def test_an_intent_is_refused_what_its_status_does_not_allow(world: World) -> None:
    door = world.door
    drafted = intent(door, world.cadence, subscribe(world.other))
    path = f"{INTENTS}/{drafted['id']}"
    assert door.v2.refused("POST", f"{path}/commit", {})[:2] == (400, "invalid_status_for_commit")
    assert door.v2.refused("POST", f"{path}/release_reservation", {})[:2] == (400, "invalid_status_for_release")
    door.v2.post(f"{path}/reserve", {})
    rival = intent(door, world.cadence, subscribe(world.other))
    refusal = door.v2.refused("POST", f"{INTENTS}/{rival['id']}/reserve", {})
    assert refusal[:2] == (400, "pricing_plan_subscriptions_already_reserved")
    assert door.v2.refused("POST", f"{path}/reserve", {})[:2] == (400, "invalid_status_for_reserve")
    door.v2.post(f"{path}/cancel", {})
    assert door.v2.refused("POST", f"{path}/cancel", {})[:2] == (400, "invalid_status_for_cancel")
    nobody = f"{INTENTS}/bilint_test_{NOBODY}"
    for verb in ("", "/reserve", "/commit", "/release_reservation", "/cancel"):
        method, body = ("POST", {}) if verb else ("GET", None)
        assert door.v2.refused(method, nobody + verb, body)[:2] == (404, "billing_intent_not_found")
    missing = f"{path}/actions/bilinti_test_{NOBODY}"
    assert door.v2.refused("GET", missing)[:2] == (404, "billing_intent_action_not_found")


def test_a_draft_that_has_expired_is_not_found_any_more(world: World) -> None:
    drafted = intent(world.door, world.cadence, subscribe(world.other))
    advance(world.door.engine, hours=25)
    refusal = world.door.v2.refused("POST", f"{INTENTS}/{drafted['id']}/reserve", {})
    assert refusal[:2] == (404, "billing_intent_expired")


def test_what_pays_an_intent_is_checked(world: World) -> None:
    door, engine = world.door, world.door.engine
    stranger = ours("customer", customer(door, "grace@example.com"))
    payer = customer(door, "ida@example.com")
    charged = cadence(door, payer, sends_invoices=False)
    drafted = intent(door, charged, subscribe(world.other))
    path = f"{INTENTS}/{drafted['id']}"
    door.v2.post(f"{path}/reserve", {})

    def of(customer_id: str, minor: int) -> str:
        made = create_payment_intent(engine, customer_id=customer_id, amount=Money(minor, "USD"))
        return shown("payment_intent", made.id, is_live=False)

    bodies = {
        "payment_required_to_commit": {},
        "payment_intent_not_found": {"payment_intent": "pi_" + NOBODY},
        "payment_intent_customer_invalid": {"payment_intent": of(stranger, 1_000)},
        "payment_intent_status_invalid": {"payment_intent": of(ours("customer", payer), 1_000)},
    }
    found = {code: door.v2.refused("POST", f"{path}/commit", body)[1] for code, body in bodies.items()}
    assert found == {code: code for code in bodies}
    sent = intent(door, world.cadence, subscribe(world.other))
    door.v2.post(f"{INTENTS}/{sent['id']}/reserve", {})
    commit = {"payment_intent": of(ours("customer", world.owner), 1_000)}
    refusal = door.v2.refused("POST", f"{INTENTS}/{sent['id']}/commit", commit)
    assert refusal[:2] == (400, "payment_not_required_for_send_invoice")
    door.v2.post(f"{INTENTS}/{sent['id']}/cancel", {})


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
