"""Drives one of Stripe's published clients, unmodified, over the catalogue: items, prices, credit, and pricing plans.

It runs in an environment of its own, where nothing of ours is; only the client's base address is another one. It reads
a line of JSON with `base` and `key`, and prints what it has found as one line.
"""

from __future__ import annotations

import json
import sys

import stripe

CARDS = 45
MONTHLY = {"service_interval": "month", "service_interval_count": 1, "currency": "usd", "tax_behavior": "exclusive"}
TIERS = [{"up_to_decimal": "10.5", "unit_amount": "100"}, {"up_to_inf": "inf", "unit_amount": "0.5"}]


def refusal(call):
    """Return the class, the code and the status of what a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.code, error.http_status]
    return None


def items(billing, meter, found):
    """Make items of each kind, change them, and find them by lookup key."""
    metered = billing.metered_items.create(
        {
            "display_name": "Hypernian tokens",
            "meter": meter,
            "lookup_key": "hypernian",
            "meter_segment_conditions": [{"dimension": "model", "value": "hypernian"}],
            "tax_details": {"tax_code": "txcd_10103001"},
            "metadata": {"gone": "soon", "stays": "here"},
        }
    )
    changed = billing.metered_items.update(metered.id, {"unit_label": "token", "metadata": {"gone": None}})
    named = billing.metered_items.list({"lookup_keys": ["hypernian", "nobody"]})
    licensed = billing.licensed_items.create({"display_name": "Seat"})
    renamed = billing.licensed_items.update(licensed.id, {"display_name": "Chair"})
    found["items"] = [
        changed.meter == meter,
        changed.meter_segment_conditions[0].value,
        changed.tax_details.tax_code,
        changed.metadata.to_dict(),
        [one.id for one in named.auto_paging_iter()] == [metered.id],
        billing.licensed_items.retrieve(licensed.id).display_name == renamed.display_name == "Chair",
    ]
    if hasattr(billing, "one_time_items"):
        once = billing.one_time_items.create({"display_name": "Setup"})
        found["one_time"] = billing.one_time_items.update(once.id, {"unit_label": "hour"}).unit_label
    found["items_refused"] = [
        refusal(lambda: billing.metered_items.create({"display_name": "x", "meter": "mtr_nothing"})),
        refusal(lambda: billing.metered_items.retrieve(licensed.id)),
        refusal(lambda: billing.licensed_items.update(licensed.id, {"lookup_key": "x" * 201})),
    ]
    return metered.id, licensed.id


def fees(billing, licensed, found):
    """Price a licensed item, change the price, and make the change live."""
    fee = billing.license_fees.create(
        {"display_name": "Seats", "licensed_item": licensed, "unit_amount": "50000", "lookup_key": "seats", **MONTHLY}
    )
    tiered = {"tiers": TIERS, "tiering_mode": "graduated", "transform_quantity": {"divide_by": 10, "round": "up"}}
    billing.license_fees.update(fee.id, tiered)
    live = billing.license_fees.update(fee.id, {"live_version": "latest"})
    versions = billing.license_fees.versions.list(fee.id)
    first = billing.license_fees.versions.retrieve(fee.id, fee.live_version)
    listed = billing.license_fees.list({"lookup_keys": ["seats"]})
    found["fees"] = [
        fee.licensed_item.id == licensed,
        [one.id for one in listed.data] == [fee.id],
        str(live.tiers[0].up_to_decimal),
        int(live.transform_quantity.divide_by),
        live.unit_amount,
        [one.unit_amount for one in versions.auto_paging_iter()],
        first.license_fee_id == fee.id,
    ]
    found["interval"] = [
        getattr(live, "service_interval", None),
        getattr(getattr(live, "service_cycle", None), "interval", None),
        hasattr(live, "latest_version"),
    ]
    return fee.id


def cards(billing, metered, meter, found):
    """Make many rate cards, page through them, and change the rates of one."""
    made = [billing.rate_cards.create({"display_name": f"Usage {number}", **MONTHLY}).id for number in range(CARDS)]
    pages = billing.rate_cards.list({"limit": 20})
    found["cards"] = [
        len(pages.data),
        [one.id for one in pages.auto_paging_iter()] == made[::-1],
        len(billing.rate_cards.list({"active": False}).data),
    ]
    card = made[0]
    rate = billing.rate_cards.rates.create(card, {"metered_item": metered, "unit_amount": "0.000000000001"})
    second = billing.rate_cards.rates.create(card, {"metered_item": metered, "tiers": TIERS, "tiering_mode": "volume"})
    other = billing.metered_items.create({"display_name": "All tokens", "meter": meter})
    third = billing.rate_cards.rates.create(card, {"metered_item": other.id, "unit_amount": "1"})
    gone = billing.rate_cards.rates.delete(card, third.id)
    kept = billing.rate_cards.rates.list(card, {"metered_item": metered})
    versions = [one.id for one in billing.rate_cards.versions.list(card).auto_paging_iter()]
    found["rates"] = [
        rate.unit_amount,
        [one.id for one in kept.auto_paging_iter()] == [second.id],
        [one.metered_item.id for one in billing.rate_cards.rates.list(card, {"rate_card_version": versions[-1]})],
        [gone.id == third.id, gone.object],
        len(versions),
        billing.rate_cards.rates.retrieve(card, second.id).rate_card_version == versions[1],
    ]
    found["rates"][2] = found["rates"][2] == [metered]
    if hasattr(billing.rate_cards, "modify_rates"):
        change = {
            "rates_to_create": [{"metered_item": other.id, "unit_amount": "2"}],
            "rates_to_delete": [{"id": second.id}],
        }
        changed = billing.rate_cards.modify_rates(card, change)
        left = billing.rate_cards.rates.list(card, {"rate_card_version": changed.id})
        found["modified"] = [one.unit_amount for one in left.data]
    billing.rate_cards.update(card, {"active": False, "live_version": "latest"})
    found["rates_refused"] = [
        refusal(lambda: billing.rate_cards.rates.create(card, {"metered_item": metered, "unit_amount": "1"})),
        refusal(lambda: billing.rate_cards.rates.delete(card, third.id)),
        refusal(lambda: billing.rate_cards.versions.retrieve(card, "rcdv_nothing")),
    ]
    billing.rate_cards.update(card, {"active": True})
    return card


def plan(billing, card, fee, metered, found):
    """Put a plan together, make it live, take a part out, and put it away."""
    action = billing.service_actions.create(
        {
            "type": "credit_grant",
            "service_interval": "month",
            "service_interval_count": 1,
            "credit_grant": {
                "name": "Credit",
                "amount": {"type": "monetary", "monetary": {"value": 1000, "currency": "usd"}},
                "applicability_config": {"scope": {"billable_items": [metered]}},
                "expiry_config": {"type": "end_of_service_period"},
            },
        }
    )
    action = billing.service_actions.update(action.id, {"credit_grant": {"name": "Gift"}})
    made = billing.pricing_plans.create(
        {"display_name": "Pro", "currency": "usd", "tax_behavior": "exclusive", "lookup_key": "pro"}
    )
    components = billing.pricing_plans.components
    empty = refusal(lambda: billing.pricing_plans.update(made.id, {"live_version": "latest"}))
    components.create(made.id, {"type": "rate_card", "rate_card": {"id": card}})
    seats = components.create(made.id, {"type": "license_fee", "license_fee": {"id": fee}, "lookup_key": "seats"})
    components.create(made.id, {"type": "service_action", "service_action": {"id": action.id}})
    live = billing.pricing_plans.update(made.id, {"live_version": "latest", "description": "For teams"})
    changed = components.update(made.id, seats.id, {"metadata": {"a": "1"}})
    gone = components.delete(made.id, seats.id)
    versions = [one.id for one in billing.pricing_plans.versions.list(made.id).auto_paging_iter()]
    at_first = components.list(made.id, {"pricing_plan_version": live.live_version})
    away = billing.pricing_plans.update(made.id, {"active": False})
    found["plan"] = [
        billing.service_actions.retrieve(action.id).credit_grant.name,
        int(action.credit_grant.amount.monetary.value),
        made.live_version,
        [one.type for one in at_first.auto_paging_iter()],
        [one.type for one in components.list(made.id)],
        components.retrieve(made.id, seats.id).metadata["a"] == changed.metadata["a"] == "1",
        [gone.id == seats.id, gone.object],
        len(versions),
        billing.pricing_plans.versions.retrieve(made.id, live.live_version).end_date is not None,
        [away.active, [one.id for one in billing.pricing_plans.list({"active": False})] == [made.id]],
    ]
    found["plan_refused"] = [
        empty,
        refusal(lambda: components.create(made.id, {"type": "license_fee", "license_fee": {"id": fee}})),
        refusal(lambda: components.update(made.id, seats.id, {"lookup_key": "x"})),
        refusal(lambda: billing.pricing_plans.retrieve("bpp_nothing")),
    ]


def run(task):
    """Go through the whole catalogue."""
    client = stripe.StripeClient(task["key"], base_addresses={"api": task["base"]}, max_network_retries=0)
    v1 = getattr(client, "v1", client)
    meter = v1.billing.meters.create(
        {
            "display_name": "Tokens",
            "event_name": "tokens",
            "default_aggregation": {"formula": "sum"},
            "dimension_payload_keys": ["model"],
        }
    ).id
    billing, found = client.v2.billing, {}
    metered, licensed = items(billing, meter, found)
    fee = fees(billing, licensed, found)
    card = cards(billing, metered, meter, found)
    plan(billing, card, fee, metered, found)
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))  # noqa: T201 - what it has to say
