"""Drives one of Stripe's published clients, unmodified, over credit grants, their balance, and custom pricing units.

It runs in an environment of its own, where nothing of ours is; only the client's base address is another one. It reads
a line of JSON with `base`, `key`, the ids of things that the server has, and `has_plans`, and prints what it has found
as one line.
"""

from __future__ import annotations

import json
import sys

import stripe


def client_of(task):
    """Return a client of the server."""
    return stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)


def refusal(call):
    """Return the class, the code, the parameter and the status of what a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.code, getattr(error, "param", None), error.http_status]
    return None


def money(value):
    """Return an amount of dollars, in cents."""
    return {"type": "monetary", "monetary": {"currency": "usd", "value": value}}


METERED = {"scope": {"price_type": "metered"}}
OF_METERED = {"type": "applicability_scope", "applicability_scope": {"price_type": "metered"}}


def credits_of(v1, task):
    """Grant, change, end and take back credit, and read the balance and the history of it."""
    grants = v1.billing.credit_grants
    customer = v1.customers.create({"name": "Ada"}).id

    def grant(value, **more):
        body = {"customer": customer, "amount": money(value), "applicability_config": METERED, "category": "paid"}
        return grants.create({**body, **more})

    later = task["later"]
    first = grant(1_000, name="Welcome", metadata={"a": "b"}, priority=10)
    changed = grants.update(first.id, {"metadata": {"a": "", "c": "d"}, "expires_at": later})
    endless = grants.update(first.id, {"expires_at": ""})
    for value in range(1, 13):
        grant(value)
    listed = [one.amount.monetary.value for one in grants.list({"customer": customer, "limit": 5}).auto_paging_iter()]
    gone = grants.void_grant(grant(77).id)
    ended = grants.expire(grant(66).id)
    summary = v1.billing.credit_balance_summary.retrieve({"customer": customer, "filter": OF_METERED})
    one = {"type": "credit_grant", "credit_grant": first.id}
    alone = v1.billing.credit_balance_summary.retrieve({"customer": customer, "filter": one})
    history = v1.billing.credit_balance_transactions.list({"customer": customer, "limit": 3})
    told = [(each.type, each[each.type].type) for each in history.auto_paging_iter()]
    newest = v1.billing.credit_balance_transactions.retrieve(history.data[0].id)
    return {
        "grant": [first.object, first.name, first.category, first.priority, first.amount.monetary.value],
        "scope": first.applicability_config.scope.price_type,
        "changed": [["a" in changed.metadata, changed.metadata["c"]], changed.expires_at == later, endless.expires_at],
        "listed": listed,
        "ended": [gone.voided_at is not None, ended.expires_at is not None],
        "balance": [each.available_balance.monetary.value for each in summary.balances],
        "alone": [each.ledger_balance.monetary.value for each in alone.balances],
        "told": [len(told), told[:3]],
        "newest": [newest.object, newest.debit.amount.monetary.value, newest.credit_grant == ended.id],
        "again": refusal(lambda: grants.void_grant(gone.id)),
        "missing": refusal(lambda: grants.retrieve("credgr_test_1")),
        "nothing": refusal(lambda: grant(0)),
    }


def units_of(client, v1, task):
    """Price usage in a unit, grant some of it, and charge for what is beyond, as far as the client knows how."""
    billing = client.v2.billing
    unit = billing.custom_pricing_units.create({"display_name": "Sparks", "lookup_key": task["lookup_key"]})
    named = billing.custom_pricing_units.update(unit.id, {"display_name": "Coins", "metadata": {"a": "b"}})
    found = [one.id for one in billing.custom_pricing_units.list({"lookup_keys": [task["lookup_key"]]}).data]
    rate = billing.rate_cards.rates.create(
        task["card"], {"metered_item": task["item"], "custom_pricing_unit_amount": {"id": unit.id, "value": "0.5"}}
    )
    action = billing.service_actions.create(
        {
            "type": "credit_grant",
            "service_interval": "month",
            "service_interval_count": 1,
            "credit_grant": {
                "name": "Monthly coins",
                "amount": {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": unit.id, "value": "100"}},
                "applicability_config": METERED,
                "expiry_config": {"type": "end_of_service_period"},
            },
        }
    )
    granted = v1.billing.credit_grants.create(
        {
            "customer": v1.customers.create({"name": "Grace"}).id,
            "amount": {"type": "custom_pricing_unit", "custom_pricing_unit": {"id": unit.id, "value": "12.5"}},
            "applicability_config": METERED,
            "category": "paid",
        }
    )
    result = {
        "unit": [unit.object, named.display_name, named.metadata["a"], found == [unit.id]],
        "rate": [rate.unit_amount, str(rate.custom_pricing_unit_amount.value)],
        "action": str(action.credit_grant.amount.custom_pricing_unit.value),
        "granted": [granted.amount.type, str(granted.amount.custom_pricing_unit.value)],
        "unknown": refusal(lambda: billing.custom_pricing_units.retrieve("cpu_test_" + "0" * 32)),
    }
    overage = getattr(billing.rate_cards, "custom_pricing_unit_overage_rates", None)
    if overage is not None:
        body = {"custom_pricing_unit": unit.id, "one_time_item": task["extra"], "unit_amount": "10.5"}
        made = overage.create(task["card"], body)
        listed = [one.id for one in overage.list(task["card"]).auto_paging_iter()]
        result["overage"] = [made.unit_amount, made.one_time_item.id == task["extra"], listed == [made.id]]
        result["deleted"] = overage.delete(task["card"], made.id).id == made.id
    return result


def run(task):
    """Do it, and return what was found."""
    client = client_of(task)
    v1 = getattr(client, "v1", client)
    found = credits_of(v1, task)
    if task["has_plans"]:
        found |= units_of(client, v1, task)
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
