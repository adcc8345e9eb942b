"""Actions of billing intents that are refused, with the code that is published for each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing_sdk.server.api.stripe.ids import shown
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.create_coupon import archive_coupon, create_coupon
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.plans import cadence, customer, made, sell, subscribe

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
        self.payer = customer(door, "ida@example.com")
        self.charged = cadence(door, self.payer, sends_invoices=False)
        self.plan, self.other = sell(door), sell(door)
        self.yearly, self.euros = sell(door, service=LONG), sell(door, currency="EUR")
        self.unpriced = sell(door, calls=5, is_priced=False)
        self.draft = sell(door, is_live=False)
        self.archived = sell(door)
        archive_plan(door.engine, plan_key=self.archived.id)
        self.empty = create_pricing_plan(door.engine, name="Empty", currency="USD", tax_behavior="exclusive")
        for key in ("ALL", "ENDED"):
            create_coupon(door.engine, key=key, name="All", percent_off=Decimal(10), duration="forever")
        archive_coupon(door.engine, key="ENDED")
        create_coupon(door.engine, key="ONCE", name="Once", percent_off=Decimal(10))
        (subscription,) = made(door, self.cadence, subscribe(self.plan))
        self.subscription = str(subscription)


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


def discount(**members: str) -> dict[str, Any]:
    """Return the action that applies a coupon or its code."""
    return {"type": "apply", "apply": {"type": "discount", "discount": members}}


def rule(percent_off: str | None) -> dict[str, Any]:
    """Return the action that applies a discount rule."""
    indefinite = {"type": "indefinite"}
    off = None if percent_off is None else {"percent_off": percent_off, "maximum_applications": indefinite}
    given = {"applies_to": "cadence", "type": "percent_off", "percent_off": off}
    return {"type": "apply", "apply": {"type": "invoice_discount_rule", "invoice_discount_rule": given}}


def remove(**members: str) -> dict[str, Any]:
    """Return the action that removes a rule."""
    (kind,) = members
    return {"type": "remove", "remove": {"type": kind, **members}}


def limit(*, value: str = "5", **unit: str) -> dict[str, Any]:
    """Return the action that limits what a cadence spends, by an overage rate that there is not."""
    most = {
        "amount": {"type": "custom_pricing_unit", "custom_pricing_unit": {"value": value, **unit}},
        "custom_pricing_unit_overage_rate": {"id": "cpuor_test_" + NOBODY},
    }
    given = {"applies_to": "cadence", "type": "max_billing_period_spend", "max_billing_period_spend": most}
    return {"type": "apply", "apply": {"type": "spend_modifier_rule", "spend_modifier_rule": given}}


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
    ("coupon_not_found", 404, lambda w: [discount(type="coupon", coupon="nobody")]),
    ("coupon_not_redeemable", 400, lambda w: [discount(type="coupon", coupon="ENDED")]),
    ("unsupported_coupon_duration", 400, lambda w: [discount(type="coupon", coupon="ONCE")]),
    ("unsupported_coupon_type", 400, lambda w: [discount(type="coupon", coupon="ALL")]),
    ("promotion_code_not_found", 404, lambda w: [discount(type="promotion_code", promotion_code="nobody")]),
    ("missing_discount_function", 400, lambda w: [discount(type="coupon")]),
    ("missing_discount_function", 400, lambda w: [rule(None)]),
    ("invalid_discount_percent_off", 400, lambda w: [rule("0")]),
    ("invalid_discount_percent_off", 400, lambda w: [rule("100.5")]),
    ("discount_not_found", 404, lambda w: [remove(invoice_discount_rule="nobody")]),
    ("spend_modifier_not_found", 404, lambda w: [remove(spend_modifier_rule="spmr_test_" + NOBODY)]),
    ("custom_pricing_unit_not_found", 404, lambda w: [limit(id="cpu_test_" + NOBODY)]),
    ("invalid_max_spend_amount", 400, lambda w: [limit(value="0")]),
    ("invalid_custom_pricing_unit_overage_rate", 400, lambda w: [limit()]),
    (
        "pricing_plan_component_not_found",
        404,
        lambda w: [
            with_details(
                subscribe(w.other),
                component_configurations=[{"pricing_plan_component": "bppc_test_" + NOBODY, "quantity": 1}],
            )
        ],
    ),
    (
        "collect_at_invalid_for_v1_subscription",
        400,
        lambda w: [
            {
                "type": "subscribe",
                "subscribe": {
                    "type": "v1_subscription_details",
                    "v1_subscription_details": {},
                    "collect_at": "next_billing_date",
                },
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
