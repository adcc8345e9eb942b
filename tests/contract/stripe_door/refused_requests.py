"""Requests about billing intents and subscriptions that are refused, with the code that is published for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.domain.credits import grant
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases import draft_intent, subscribe_to_card
from billing_sdk.server.usecases.billing_cadences import cancel_cadence
from tests.contract.stripe_door.plans import Sold, cadence, customer, intent, made, sell, subscribe
from tests.contract.stripe_door.refusals import CARDS, INTENTS, NOBODY, World, deactivate, remove, rule

Patch: TypeAlias = pytest.MonkeyPatch
# A method, a path and a body.
Request: TypeAlias = tuple[str, str, Any]
WEEK = Cadence("week")
PLANS = "/billing/pricing_plan_subscriptions"
MONTHLY = {"type": "month", "interval_count": 1}


def create(world: World, *actions: dict[str, Any], **members: Any) -> Request:
    """Return the request that drafts an intent; it subscribes to a plan where nothing else is said."""
    body = {"currency": "usd", "cadence": world.cadence, "actions": list(actions) or [subscribe(world.other)]}
    return "POST", INTENTS, {name: value for name, value in {**body, **members}.items() if value is not ...}


def inline(world: World, *, owner: str = "", cycle: Any = MONTHLY, settings: Any = None) -> Request:
    """Return the request that drafts an intent with a cadence of its own."""
    payer = {"billing_profile_data": {"customer": owner or world.owner}}
    data = {"billing_cycle": cycle, "payer": payer, "settings": settings or {}}
    return create(world, cadence=..., cadence_data=data)


def act(world: World, verb: str, body: Any = None, *, of: str = "bilint_test_" + NOBODY) -> Request:
    """Return the request that does something with an intent; with none that there is where nothing else is said."""
    return "POST", f"{INTENTS}/{of}/{verb}", body or {}


def reserved(world: World, *actions: dict[str, Any], by: str = "") -> str:
    """Reserve an intent, and return its id."""
    found = str(intent(world.door, by or world.cadence, *(actions or [subscribe(sell(world.door))]))["id"])
    world.door.v2.post(f"{INTENTS}/{found}/reserve", {})
    return found


def create_draft(world: World) -> str:
    """Draft an intent, and return its id."""
    return str(intent(world.door, world.cadence, subscribe(world.other))["id"])


def _canceled_intent(world: World) -> str:
    found = create_draft(world)
    world.door.v2.post(f"{INTENTS}/{found}/cancel", {})
    return found


def paid(world: World, minor: int, *, owner: str = "", confirm: bool = True) -> dict[str, str]:
    """Take money of a customer, and return the body that commits an intent with it."""
    body = {"amount": minor, "currency": "usd", "customer": owner or world.payer}
    sent = {"payment_method": "pm_card_visa", "confirm": True, "off_session": True} if confirm else {}
    return {"payment_intent": world.door.v1.post("/payment_intents", {**body, **sent})["id"]}


def commit(world: World, body: dict[str, str], *actions: dict[str, Any]) -> Request:
    """Return the request that commits an intent whose cadence charges."""
    return act(world, "commit", body, of=reserved(world, *actions, by=world.charged))


def of_card(world: World, plan: Sold, by: str = "") -> Request:
    """Return the request that subscribes to the card of a plan alone."""
    return "POST", CARDS, {"billing_cadence": by or world.cadence, "rate_card": plan.card}


def _deleted(world: World, patch: Patch) -> Request:
    gone = customer(world.door)
    world.door.v1.delete(f"/customers/{gone}")
    return inline(world, owner=gone)


def _canceled(world: World) -> str:
    ended = cadence(world.door, world.owner)
    cancel_cadence(world.door.engine, ours("billing_cadence", ended))
    return ended


def _canceled_meanwhile(world: World, patch: Patch) -> Request:
    by = cadence(world.door, world.owner)
    found = reserved(world, by=by)
    cancel_cadence(world.door.engine, ours("billing_cadence", by))
    return act(world, "commit", of=found)


def _rival(world: World, patch: Patch) -> Request:
    plan = sell(world.door)
    reserved(world, subscribe(plan))
    return act(world, "reserve", of=intent(world.door, world.cadence, subscribe(plan))["id"])


def _expired(world: World, patch: Patch) -> Request:
    patch.setattr(draft_intent, "LASTS", -timedelta(seconds=1))
    return act(world, "reserve", of=intent(world.door, world.cadence, subscribe(world.other))["id"])


def _twice_by_a_card(world: World, patch: Patch) -> Request:
    plan = sell(world.door, calls=5)
    by = cadence(world.door, customer(world.door))
    world.door.v2.post(*of_card(world, plan, by)[1:])
    return create(world, subscribe(plan), cadence=by)


def _credit(world: World, patch: Patch) -> Request:
    found = reserved(world, subscribe(sell(world.door, credit=500)))
    patch.setattr(grant, "MOST_UNUSED", 0)
    return act(world, "commit", of=found)


def _many_plans(world: World, patch: Patch) -> Request:
    patch.setattr(draft_intent, "MOST_SUBSCRIPTIONS", 1)
    return create(world)


def _many_cards(world: World, patch: Patch) -> Request:
    patch.setattr(subscribe_to_card, "MOST_SUBSCRIPTIONS", 1)
    return of_card(world, sell(world.door, calls=5))


def _ended_card(world: World, verb: str) -> Request:
    by = cadence(world.door, customer(world.door))
    path = f"{CARDS}/{world.door.v2.post(*of_card(world, sell(world.door, calls=5), by)[1:])['id']}"
    world.door.v2.post(f"{path}/cancel", {})
    return "POST", path + verb, {} if verb else {"metadata": {"a": "b"}}


def _ended_plan(world: World, patch: Patch) -> Request:
    (ended,) = made(world.door, world.cadence, subscribe(sell(world.door)))
    made(world.door, world.cadence, deactivate(str(ended)))
    return "POST", f"{PLANS}/{ended}", {"metadata": {"a": "b"}}


def _weekly(world: World, patch: Patch) -> Request:
    return create(
        world,
        subscribe(sell(world.door, calls=5, service=WEEK)),
        cadence=cadence(world.door, world.owner, cycle=WEEK),
    )


def _version(world: World, kind: str) -> Request:
    made_setting = world.door.v2.post(f"/billing/{kind}_settings", {})
    prefix = "bblsetv" if kind == "bill" else "bclsetv"
    return inline(world, settings={kind: {"id": made_setting["id"], "version": f"{prefix}_test_{NOBODY}"}})


REQUESTS: list[tuple[str, int, Callable[[World, Patch], Request]]] = [
    ("billing_cadence_not_found", 404, lambda w, p: create(w, cadence="bc_test_" + NOBODY)),
    ("billing_cadence_canceled", 400, lambda w, p: create(w, cadence=_canceled(w))),
    ("cadence_currency_mismatch", 400, lambda w, p: create(w, currency="eur")),
    ("product_catalog_unsupported_currency", 400, lambda w, p: create(w, currency="xyz")),
    ("require_cadence", 400, lambda w, p: create(w, remove(invoice_discount_rule="x"), cadence=...)),
    ("require_cadence_or_data", 400, lambda w, p: create(w, rule("5"), cadence=...)),
    ("customer_not_found", 404, lambda w, p: inline(w, owner="cus_test_" + NOBODY)),
    ("invalid_customer", 400, _deleted),
    ("invalid_billing_cycle_dates", 400, lambda w, p: inline(w, cycle={"type": "month", "interval_count": 0})),
    (
        "month_of_year_not_supported_for_interval_count",
        400,
        lambda w, p: inline(
            w, cycle={"type": "month", "interval_count": 5, "month": {"day_of_month": 1, "month_of_year": 2}}
        ),
    ),
    ("bill_settings_not_found", 404, lambda w, p: inline(w, settings={"bill": {"id": "bblset_test_" + NOBODY}})),
    ("bill_settings_version_not_found", 404, lambda w, p: _version(w, "bill")),
    (
        "collection_settings_not_found",
        404,
        lambda w, p: inline(w, settings={"collection": {"id": "bclset_test_" + NOBODY}}),
    ),
    ("collection_settings_version_not_found", 404, lambda w, p: _version(w, "collection")),
    ("servicing_interval_exceeds_billing_interval", 400, _weekly),
    ("amount_too_large", 400, lambda w, p: create(w, subscribe(w.other, seats=100_000), cadence=w.charged)),
    ("too_many_active_pricing_plan_subscriptions", 400, _many_plans),
    ("billing_intent_not_found", 404, lambda w, p: act(w, "reserve")),
    ("billing_intent_not_found", 404, lambda w, p: act(w, "commit")),
    ("billing_intent_not_found", 404, lambda w, p: act(w, "release_reservation")),
    ("billing_intent_not_found", 404, lambda w, p: act(w, "cancel")),
    ("billing_intent_not_found", 404, lambda w, p: ("GET", f"{INTENTS}/bilint_test_{NOBODY}", None)),
    (
        "billing_intent_action_not_found",
        404,
        lambda w, p: ("GET", f"{INTENTS}/{reserved(w)}/actions/bilinti_test_{NOBODY}", None),
    ),
    ("billing_intent_expired", 404, _expired),
    ("pricing_plan_subscriptions_already_reserved", 400, _rival),
    ("invalid_status_for_reserve", 400, lambda w, p: act(w, "reserve", of=reserved(w))),
    ("invalid_status_for_commit", 400, lambda w, p: act(w, "commit", of=create_draft(w))),
    ("invalid_status_for_release", 400, lambda w, p: act(w, "release_reservation", of=create_draft(w))),
    ("invalid_status_for_cancel", 400, lambda w, p: act(w, "cancel", of=_canceled_intent(w))),
    ("billing_cadence_inactive", 400, _canceled_meanwhile),
    ("payment_required_to_commit", 400, lambda w, p: commit(w, {})),
    ("payment_intent_not_found", 404, lambda w, p: commit(w, {"payment_intent": "pi_" + NOBODY})),
    ("payment_intent_customer_invalid", 400, lambda w, p: commit(w, paid(w, 1_000, owner=w.owner))),
    ("payment_intent_status_invalid", 400, lambda w, p: commit(w, paid(w, 1_000, confirm=False))),
    ("payment_intent_amount_invalid", 400, lambda w, p: commit(w, paid(w, 999))),
    ("payment_not_required", 400, lambda w, p: commit(w, paid(w, 1_000), rule("5"))),
    (
        "payment_not_required_for_send_invoice",
        400,
        lambda w, p: act(w, "commit", paid(w, 1_000, owner=w.owner), of=reserved(w)),
    ),
    ("too_many_unused_credit_grants", 400, _credit),
    ("rate_card_subscription_already_exists", 400, _twice_by_a_card),
    ("currency_mismatch", 400, lambda w, p: of_card(w, sell(w.door, calls=5, currency="EUR"))),
    ("too_many_active_rate_card_subscriptions", 400, _many_cards),
    ("rate_card_not_found", 404, lambda w, p: ("POST", CARDS, {"billing_cadence": w.cadence, "rate_card": "x"})),
    ("rate_card_subscription_not_found", 404, lambda w, p: ("GET", f"{CARDS}/rcds_test_{NOBODY}{NOBODY}", None)),
    ("invalid_rate_card_subscription_status_for_update", 400, lambda w, p: _ended_card(w, "")),
    ("invalid_rate_card_subscription_status_for_cancel", 400, lambda w, p: _ended_card(w, "/cancel")),
    ("pricing_plan_subscription_not_found", 404, lambda w, p: ("GET", f"{PLANS}/bpps_test_{NOBODY}", None)),
    ("invalid_pricing_plan_subscription_status_for_update", 400, _ended_plan),
    ("parameter_missing", 400, lambda w, p: create(w, cadence=...)),
    ("parameter_unknown", 400, lambda w, p: create(w, nobody=1)),
    ("parameter_invalid", 400, lambda w, p: create(w, currency="euro")),
]
