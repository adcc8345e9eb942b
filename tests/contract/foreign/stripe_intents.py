"""Drives one of Stripe's published clients, unmodified, over billing intents and the subscriptions that they change.

It runs in an environment of its own, where nothing of ours is; only the client's base addresses are others. It reads a
line of JSON with `base`, `key` and `version`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys

import stripe

KIND = "pricing_plan_subscription_details"


def refusal(call):
    """Return the class, the code and the status of what a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.code, error.http_status]
    return None


def plan_of(billing, seat):
    """Make a pricing plan with a fee for each seat, and put it up for sale."""
    item = billing.licensed_items.create({"display_name": "Seat"})
    fee = billing.license_fees.create(
        {
            "currency": "usd",
            "display_name": "Seats",
            "licensed_item": item.id,
            "service_interval": "month",
            "service_interval_count": 1,
            "tax_behavior": "exclusive",
            "unit_amount": str(seat),
        }
    )
    plan = billing.pricing_plans.create({"display_name": "Plan", "currency": "usd", "tax_behavior": "exclusive"})
    component = {"type": "license_fee", "license_fee": {"id": fee.id}, "lookup_key": "seat"}
    billing.pricing_plans.components.create(plan.id, component)
    billing.pricing_plans.update(plan.id, {"live_version": "latest"})
    return billing.pricing_plans.retrieve(plan.id)


def act(kind, details, **more):
    """Return an action about a subscription."""
    return {"type": kind, kind: {"type": KIND, KIND: details, **more}}


def made(billing, body):
    """Draft an intent, reserve and commit it."""
    drafted = billing.intents.create(body)
    reserved = billing.intents.reserve(drafted.id)
    committed = billing.intents.commit(drafted.id)
    return drafted, reserved, committed


def run(task):
    """Subscribe, modify, end, and do what is refused."""
    client = stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)
    v1, billing = getattr(client, "v1", client), client.v2.billing
    customer = v1.customers.create({"name": "Ada"}).id
    profile = billing.profiles.create({"customer": customer})
    collection = billing.collection_settings.create({"collection_method": "send_invoice"})
    cadence = billing.cadences.create(
        {
            "payer": {"billing_profile": profile.id},
            "billing_cycle": {"type": "month", "interval_count": 1},
            "settings": {"collection": {"id": collection.id}},
        }
    )
    small, large = plan_of(billing, 1_000), plan_of(billing, 2_000)
    base = {"currency": "usd", "cadence": cadence.id}
    seats = [{"lookup_key": "seat", "quantity": 3}]
    wanted = {
        "pricing_plan": small.id,
        "pricing_plan_version": small.live_version,
        "component_configurations": seats,
        "metadata": {"team": "blue"},
    }
    subscribes = {**base, "actions": [act("subscribe", wanted, effective_at={"type": "on_reserve"})]}
    found = {}
    drafted, reserved, committed = made(billing, subscribes)
    actions = billing.intents.actions.list(drafted.id).data
    subscription = actions[0].subscribe.pricing_plan_subscription_details.pricing_plan_subscription
    shown = billing.pricing_plan_subscriptions.retrieve(subscription)
    found["subscribed"] = [
        [drafted.status, reserved.status, committed.status],
        str(reserved.amount_details.total),
        billing.intents.actions.retrieve(drafted.id, actions[0].id).type,
        shown.servicing_status,
        shown.collection_status,
        shown.metadata["team"],
        shown.pricing_plan == small.id,
    ]
    modifies = {"pricing_plan_subscription": subscription, "new_pricing_plan": large.id}
    made(billing, {**base, "actions": [act("modify", modifies)]})
    changed = billing.pricing_plan_subscriptions.update(subscription, {"metadata": {"team": "red"}})
    found["modified"] = [changed.id == subscription, changed.pricing_plan == large.id, changed.metadata["team"]]
    canceled = billing.intents.create(subscribes)
    billing.intents.reserve(canceled.id)
    released = billing.intents.release_reservation(canceled.id)
    found["canceled"] = [released.status, billing.intents.cancel(canceled.id).status]
    found["refused"] = [
        refusal(lambda: billing.intents.reserve(canceled.id)),
        refusal(lambda: billing.intents.create({**base, "currency": "eur", "actions": []})),
        refusal(lambda: billing.intents.retrieve("bilint_test_nothing")),
        refusal(lambda: billing.pricing_plan_subscriptions.retrieve("bpps_test_nothing")),
    ]
    ends = act("deactivate", {"pricing_plan_subscription": subscription}, effective_at={"type": "on_reserve"})
    made(billing, {**base, "actions": [ends]})
    payer = {"type": "customer", "customer": customer}
    listed = list(billing.pricing_plan_subscriptions.list({"payer": payer}).auto_paging_iter())
    newest = [one for one in billing.intents.list({"limit": 2}).auto_paging_iter() if one.cadence == base["cadence"]]
    found["ended"] = [[one.servicing_status for one in listed], len({one.id for one in newest})]
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
